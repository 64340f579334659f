"""Message ids never repeat and never go back."""

import re
import time

from insurance.calls import msgid
from insurance.models import MessageCounter

HOSPITAL, OTHER = "H99999900001", "H99999900002"


def count_of(written: str) -> tuple[str, int]:
    return written[12:26], int(written[26:])


def set_last(last: int) -> None:
    MessageCounter.objects.update_or_create(institution=HOSPITAL, defaults={"last": last})


def test_an_id_is_institution_time_and_sequence() -> None:
    assert re.fullmatch(r"H99999900001\d{14}\d{4}", msgid.next_msgid(HOSPITAL))


def test_the_time_is_the_centres() -> None:
    assert msgid.written(HOSPITAL, 0) == f"{HOSPITAL}197001010800000000"
    assert msgid.written(HOSPITAL, 1_790_000_000 * 10_000 + 42) == f"{HOSPITAL}202609212213200042"


def test_ids_ascend_and_differ() -> None:
    ids = [msgid.next_msgid(HOSPITAL) for _ in range(300)]
    assert ids == sorted(set(ids))


def test_a_used_up_second_borrows_the_next() -> None:
    ahead = int(time.time()) + 100
    set_last(ahead * 10_000 + 9_998)
    ids = [msgid.next_msgid(HOSPITAL) for _ in range(3)]
    assert [count_of(one)[1] for one in ids] == [9_999, 0, 1]
    assert ids == sorted(set(ids)) and len({count_of(one)[0] for one in ids}) == 2


def test_a_clock_that_went_back_repeats_nothing() -> None:
    ahead = (int(time.time()) + 3_600) * 10_000
    set_last(ahead)
    assert msgid.next_msgid(HOSPITAL) == msgid.written(HOSPITAL, ahead + 1)


def test_a_clock_that_went_on_is_followed() -> None:
    set_last((int(time.time()) - 3_600) * 10_000 + 5)
    second = int(time.time())
    last = MessageCounter.objects.get
    msgid.next_msgid(HOSPITAL)
    assert last(institution=HOSPITAL).last // 10_000 - second in (0, 1)


def test_each_institution_counts_for_itself() -> None:
    set_last((int(time.time()) + 3_600) * 10_000)
    msgid.next_msgid(HOSPITAL)
    assert abs(MessageCounter.objects.filter(institution=OTHER).count()) == 0
    msgid.next_msgid(OTHER)
    assert MessageCounter.objects.get(institution=OTHER).last // 10_000 - int(time.time()) in (-1, 0)
