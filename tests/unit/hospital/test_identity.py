"""ID numbers and cards: what cannot exist is refused."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hospital.identity import InsuranceCard, is_card, is_id_number
from tests.factories import id_number

TODAY = date(2026, 11, 23)
numbers = st.integers(min_value=0, max_value=49_999).map(id_number)


@given(numbers)
def test_a_number_with_its_check_digit_is_taken(number: str) -> None:
    assert is_id_number(number, today=TODAY)


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_changed_digit_is_refused(number: str, place: int, digit: str) -> None:
    assume(number[place] != digit)
    assert not is_id_number(number[:place] + digit + number[place + 1 :], today=TODAY)


@given(numbers, st.integers(0, 16))
def test_two_neighbours_changed_about_are_refused(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    turned = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert not is_id_number(turned, today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "11010119900101",
        "110101199001011",
        "110101199002300017",
        "010101199001010019",
        "11010119900101001x",
        "110101199001010 11",
        "11010119900101001\n",
    ],
)
def test_what_has_not_the_form_is_refused(text: str) -> None:
    assert not is_id_number(text, today=TODAY)


def test_digits_of_other_scripts_are_no_digits() -> None:
    number = id_number(7)
    wide = number[:3] + chr(ord("０") + int(number[3])) + number[4:]
    assert wide != number
    assert not is_id_number(wide, today=TODAY)


def test_nobody_is_born_tomorrow() -> None:
    number = id_number(40_001)
    born = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    assert is_id_number(number, today=born)
    assert not is_id_number(number, today=born.replace(year=born.year - 1))


@pytest.mark.parametrize(
    ("kind", "number", "possible"),
    [
        ("01", "a-token_of.50+characters=", True),
        ("01", "abc", False),
        ("01", "x" * 51, False),
        ("01", "with a space", False),
        ("02", id_number(1), True),
        ("02", "110101199001010000", False),
        ("03", "A1234567B", True),
        ("03", "A123-4567", False),
        ("03", "卡1234567", False),
        ("04", "A1234567B", False),
        ("", "A1234567B", False),
    ],
)
def test_a_card_number_must_be_possible_for_its_type(kind: str, number: str, possible: bool) -> None:
    assert is_card(InsuranceCard(kind, number), today=TODAY) is possible


def test_a_card_does_not_show_its_number() -> None:
    assert "A1234567B" not in repr(InsuranceCard("03", "A1234567B"))
