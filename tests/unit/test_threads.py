"""A worker's threads are shared out among the insurers."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.conf import LazySettings

from tasks import threads
from tasks.upkeep import _in_turn


@pytest.fixture(autouse=True)
def _outside_of_a_worker() -> Iterator[None]:
    yield
    threads.share_out(None)


def entered(stack: ExitStack, insurer: str, times: int) -> int:
    return sum(stack.enter_context(threads.of(insurer)) for _ in range(times))


@pytest.mark.parametrize(("count", "others", "part"), [(8, 0, 8), (8, 1, 4), (8, 2, 2), (2, 2, 1), (None, 2, 20)])
def test_each_has_an_equal_part_and_one_at_least(
    settings: LazySettings, count: int | None, others: int, part: int
) -> None:
    settings.INSURERS = {f"other-{number}": {} for number in range(others)}
    threads.share_out(count)
    with ExitStack() as stack:
        assert [entered(stack, name, 20) for name in ("default", *settings.INSURERS)] == [part] * (others + 1)
    with ExitStack() as stack:
        assert entered(stack, "default", 20) == part, "given back"


def test_turns_go_out_one_of_each_at_a_time() -> None:
    assert _in_turn({"default": 3, "changsha": 1, "hunan": 0}) == ["default", "changsha", "default", "default"]
    assert _in_turn({"default": 0}) == []
