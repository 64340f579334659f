"""The split of lines and totals, and amounts as they are written."""

import json
import random
from decimal import ROUND_HALF_UP, Decimal

import pytest

from insurance.simulator.insurer.pricing import level_of, price, split_line
from insurance.simulator.money import fen, percent_of, yuan


def item(level: str) -> str:
    return next(code for code in map(str, range(100)) if level_of(code) == level)


def test_the_recorded_line() -> None:
    split = split_line(452, item("02"))
    assert (split.preselfpay, split.scope) == (23, 429)
    assert split_line(452, item("01")).scope == 452


@pytest.mark.parametrize("seed", range(300))
def test_identities_for_random_lines_and_balances(seed: int) -> None:
    draw = random.Random(seed)
    lines = [split_line(draw.randrange(-2_000, 100_000), str(draw.random())) for _ in range(draw.randrange(1, 30))]
    total = sum(line.total for line in lines)
    insutype, used, balance = draw.choice(["310", "390"]), draw.random() < 0.7, draw.choice([0, 57, 10**7])
    amounts = price(lines, insutype, used, balance)
    assert amounts.total == total == amounts.preselfpay + amounts.scope
    assert amounts.fund + amounts.account + amounts.cash == total
    assert min(amounts.fund, amounts.account, amounts.cash) >= 0
    assert amounts.account <= (balance if used and insutype == "310" else 0)
    assert amounts.negated().total == -total


@pytest.mark.parametrize(("amount", "percent", "part"), [(452, 5, 23), (10, 5, 1), (-10, 5, -1), (9, 5, 0)])
def test_rounds_half_up(amount: int, percent: int, part: int) -> None:
    assert percent_of(amount, percent) == part


def test_amounts_are_written_to_the_cent_without_float_error() -> None:
    draw = random.Random(1)
    for amount in [0, 452, 120000, -5, *(draw.randrange(-(10**14), 10**14) for _ in range(20_000))]:
        assert Decimal(json.dumps(yuan(amount))) == Decimal(amount) / 100
    assert (json.dumps(yuan(452)), json.dumps(yuan(120000))) == ("4.52", "1200.0")


@pytest.mark.parametrize(
    ("given", "amount"), [("1200", 120000), (4.52, 452), ("0.005", 1), ("", 0), (None, 0), ("-3.10", -310)]
)
def test_amounts_are_read_as_clients_send_them(given: object, amount: int) -> None:
    assert fen(given) == amount


@pytest.mark.parametrize("given", ["abc", "NaN", "Infinity", {}])
def test_what_is_no_number_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="not a number"):
        fen(given)


def test_fen_agrees_with_decimal_rounding() -> None:
    for thousandths in range(-3000, 3000):
        exact = Decimal(thousandths) / 1000
        assert fen(str(exact)) == int(exact.quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)
