"""The made-up people."""

import random
from datetime import date

import pytest

from demo.people import check_digit, people


@pytest.mark.parametrize("example", ["11010519491231002X", "440524188001010014"])
def test_the_examples_of_the_standard(example: str) -> None:
    """GB 11643-1999 prints these two."""
    assert check_digit(example[:17]) == example[17]


def test_every_number_satisfies_iso_7064() -> None:
    """MOD 11-2 the other way round: the weighted sum of all 18 characters leaves 1."""
    for person in people(500, random.Random(1)):
        values = [10 if character == "X" else int(character) for character in person.id_number]
        weights = [2 ** (17 - place) % 11 for place in range(18)]
        assert sum(weight * value for weight, value in zip(weights, values, strict=True)) % 11 == 1


def test_no_two_people_are_alike() -> None:
    crowd = people(25_000, random.Random(2))
    assert len({person.id_number for person in crowd}) == len(crowd)
    assert len({person.username for person in crowd}) == len(crowd)


def test_birthdays_are_real_and_past() -> None:
    for person in people(1000, random.Random(3)):
        assert date(1940, 1, 1) <= date.fromisoformat(person.id_number[6:14]) < date(2000, 1, 1)


def test_runs_differ() -> None:
    first, second = people(50, random.Random(4)), people(50, random.Random(5))
    assert not {person.username for person in first} & {person.username for person in second}
