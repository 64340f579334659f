"""Made-up people with valid ID numbers. None of them exists: names and numbers are drawn at random for one run."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK_DIGITS = "10X98765432"
"""GB 11643-1999: ISO 7064 MOD 11-2 over the first 17 digits."""

REGION = "110101"
FAMILY_NAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹"
GIVEN_NAMES = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅建国文宇晨欣雨"

DAYS = 10_000
"""Birthdays in use: a first one between 1940 and 1967, and as many after it."""


@dataclass(frozen=True)
class Person:
    """Who a patient is."""

    username: str
    password: str
    name: str
    id_number: str
    phone: str


def id_number(born: date, sequence: int) -> str:
    """An 18-digit ID number with its check digit; `sequence` is 0 to 999."""
    digits = f"{REGION}{born:%Y%m%d}{sequence:03d}"
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """The 18th character to 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(ID_WEIGHTS, digits, strict=True))
    return ID_CHECK_DIGITS[total % 11]


def people(count: int, chance: random.Random) -> list[Person]:
    """`count` different people: birthdays and then sequence numbers run on from random ones."""
    run = f"{chance.randrange(36**6):06x}"
    first_born = date(1940, 1, 1) + timedelta(chance.randrange(DAYS))
    sequence = chance.randrange(1000)
    cards = [id_number(first_born + timedelta(n % DAYS), (sequence + n // DAYS) % 1000) for n in range(count)]
    return [_person(number, run, card, chance) for number, card in enumerate(cards)]


def _person(number: int, run: str, card: str, chance: random.Random) -> Person:
    return Person(
        username=f"demo-{run}-{number:05d}",
        password=f"{chance.getrandbits(64):016x}",
        name=chance.choice(FAMILY_NAMES) + "".join(chance.choices(GIVEN_NAMES, k=chance.randint(1, 2))),
        id_number=card,
        phone=f"199{chance.randrange(10**8):08d}",
    )
