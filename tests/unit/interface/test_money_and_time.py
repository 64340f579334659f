"""Every amount and every moment that comes from outside: what is taken is exact, what is not exact is refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from insurance.interface.amounts import to_fen, to_yuan, to_yuan_in_full
from insurance.interface.dialects.national.envelope import day, wall_time
from insurance.interface.dialects.national.fields import Node
from insurance.interface.errors import OutcomeUnknown
from insurance.payment import day_file

pytestmark = pytest.mark.security

FEN = st.integers(min_value=-(10**17), max_value=10**17)
MOMENTS = st.integers(-2_208_900_000, 253_370_000_000).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
"""From 1900 to 9998."""


@given(FEN)
def test_one_amount_in_every_spelling_is_the_same(fen: int) -> None:
    exact = Decimal(fen).scaleb(-2)
    spellings = (to_yuan(fen), to_yuan_in_full(fen), exact, str(exact), f"{exact:E}", f"{exact:f}", f" {exact} ")
    assert {to_fen(each) for each in spellings} == {fen}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_an_amount_is_taken_exactly_or_not_at_all(yuan: Decimal) -> None:
    try:
        fen = to_fen(yuan)
    except ValueError:
        assert yuan != yuan.quantize(Decimal("0.01")) if abs(yuan) < 10**16 else True
    else:
        assert Decimal(fen).scaleb(-2) == yuan


@given(st.text(max_size=30))
def test_a_text_is_an_amount_by_ascii_digits_alone(text: str) -> None:
    try:
        to_fen(text)
    except ValueError:
        return
    assert text.isascii() and "_" not in text


@pytest.mark.parametrize("text", ["１２", "٣", "1２.5", "₁"])
def test_digits_of_other_scripts_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        to_fen(text)


@given(st.floats() | st.booleans() | st.binary() | st.lists(st.integers()))
def test_what_is_no_number_of_the_wire_is_no_amount(value: object) -> None:
    assume(value is not None)
    with pytest.raises(ValueError, match="amount"):
        to_fen(value)


@given(st.integers(min_value=-(10**16) + 1, max_value=10**16 - 1))
def test_fen_of_the_payment_institution(fen: int) -> None:
    assert day_file.whole(fen) == day_file.whole(str(fen)) == fen


@pytest.mark.parametrize(
    "value", [10.9, 10.0, True, None, "", "1.0", "1_0", "１", " 1", "+1", "1e3", "9" * 17, 10**16, [], {}]
)
def test_what_is_no_whole_number_of_fen(value: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        day_file.whole(value)


def moment(text: str) -> datetime | None:
    return Node("output", {"t": text}).moment("t")


@given(MOMENTS)
def test_a_moment_goes_out_and_comes_back(when: datetime) -> None:
    when = when.replace(microsecond=0)
    assert moment(wall_time(when)) == when


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_zone_of_our_own_clock_does_not_matter(when: datetime, minutes: int) -> None:
    """A host in another zone, or one that names its zone otherwise, writes the same wall time and the same day."""
    shifted = when.astimezone(timezone(timedelta(minutes=minutes)))
    assert (wall_time(shifted), day(shifted)) == (wall_time(when), day(when))


@pytest.mark.parametrize(
    ("utc", "centre"),
    [
        ("2024-02-28T16:00:00", "2024-02-29 00:00:00"),
        ("2024-02-29T15:59:59", "2024-02-29 23:59:59"),
        ("2024-02-29T16:00:00", "2024-03-01 00:00:00"),
        ("2023-02-28T16:00:00", "2023-03-01 00:00:00"),
        ("2023-12-31T15:59:59", "2023-12-31 23:59:59"),
        ("2023-12-31T16:00:00", "2024-01-01 00:00:00"),
        ("1988-07-01T00:00:00", "1988-07-01 08:00:00"),
    ],
    ids=["leap day begins", "leap day ends", "after it", "no leap year", "year's end", "new year", "no summer time"],
)
def test_days_turn_by_the_centres_clock(utc: str, centre: str) -> None:
    when = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert wall_time(when) == centre and moment(centre) == when and day(when) == centre[:10]


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-29 00:00:00", "2024-02-30 00:00:00", "2024-13-01 00:00:00", "2024-01-01 24:00:01"),
        *("0001-01-01 00:00:00", "9999-12-31 23:59:59", "1899-12-31 00:00:00", "yesterday", "20240101T", "1704067200"),
    ],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(OutcomeUnknown, match="is not a time"):
        moment(text)


def test_a_moment_that_names_its_zone_is_taken_at_its_word() -> None:
    assert moment("2024-01-02T01:00:00+00:00") == moment("2024-01-02 09:00:00") == datetime(2024, 1, 2, 1, tzinfo=UTC)


def test_a_time_without_zone_does_not_leave() -> None:
    with pytest.raises(ValueError, match="aware"):
        wall_time(datetime(2024, 1, 1))  # noqa: DTZ001  on purpose


LINE = "order_no,transaction_no,kind,amount_fen,at,refund_no\nS1,T1,payment,{fen},{at},\n"


@pytest.mark.parametrize(
    "at", ["2024-01-01T00:00:00", "0001-01-01T00:00:00+08:00", "2023-02-29T00:00:00+08:00", "soon"]
)
def test_a_line_of_the_day_file_without_a_moment_is_refused(at: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        day_file.read(LINE.format(fen=1, at=at))


@pytest.mark.parametrize("fen", ["1.5", "1_0", "", "１", "-1"])
def test_a_line_of_the_day_file_without_whole_fen_is_refused(fen: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        day_file.read(LINE.format(fen=fen, at="2024-01-01T00:00:00+08:00"))
