"""The filing queue on both brokers: messages may be lost, repeated or unreadable, the rows are filed all the same."""

import pytest
from django.conf import LazySettings
from kombu import Connection

from hospital import tuning
from hospital.archives import filing, queue
from hospital.archives.filing import Batch
from hospital.models import Archive
from hospital.states import ArchiveState
from tests.races import brokers
from tests.races.crowd import queued
from tests.races.test_filing import filed_in_order
from tests.races.together import at_once, dies, good, kill_myself, wait_until

pytestmark = pytest.mark.usefixtures("filing_queue")


def drain_all(most: int = 200) -> None:
    """Ticks until nothing is filed any more."""
    while filing.drain(most) != Batch():
        pass


def test_what_is_taken_is_gone_only_when_the_block_ends_well() -> None:
    queue.put([1, 2, 3])
    with queue.take(2) as taken:
        assert taken == 2
        wait_until(lambda: queue.depth() == 1)  # RabbitMQ brings them meanwhile
    assert queue.depth() == 1
    with pytest.raises(ZeroDivisionError), queue.take(10) as taken:
        taken / 0
    wait_until(lambda: queue.depth() == 1)


def test_the_queue_is_topped_up_to_two_batches_of_the_rows_that_wait_and_no_further() -> None:
    queue.put([1])
    with queue.take(2, lambda most: [1, 2, 3, 4, 5][:most]) as taken:
        assert taken == 2
        wait_until(lambda: queue.depth() == 2)
    with queue.take(5, lambda most: [3, 4, 5]) as taken:
        assert taken == 3
        wait_until(lambda: queue.depth() == 0)


def test_where_two_batches_are_ready_nobody_asks_who_waits() -> None:
    queue.put([1, 2, 3, 4])
    with queue.take(2, lambda most: pytest.fail("asked")) as taken:
        assert taken == 2
        wait_until(lambda: queue.depth() == 2)


def test_a_tick_files_m_and_leaves_the_rest_in_the_queue() -> None:
    archives = queued(5)
    queue.put(archives)
    assert filing.drain(3) == Batch(filed=3)
    assert filed_in_order() == archives[:3]
    assert queue.depth() == 2


@pytest.fixture
def three_a_tick(settings: LazySettings) -> list[int]:
    """Ten that wait in the queue, with m = 3."""
    settings.INSURANCE_TRIAL_PER_MINUTE = 2
    tuning.change("FILING_BATCH_SIZE", 3, who="a test", why="a quiet day")
    archives = queued(10)
    queue.put(archives)
    return archives


def test_however_many_beats_ask_at_once_a_tick_files_one_batch_of_m(three_a_tick: list[int]) -> None:
    assert sum(batch.filed for batch in good(at_once([filing.drain_if_due] * 4))) == 3
    assert filed_in_order() == three_a_tick[:3]


def test_drains_that_ask_nobody_whether_they_are_due_file_a_batch_each(three_a_tick: list[int]) -> None:
    """Negative control."""
    assert sum(batch.filed for batch in good(at_once([filing.drain] * 4))) > 3


def test_messages_that_come_three_times_have_no_effect() -> None:
    archives = queued(10)
    for _ in range(3):
        queue.put(archives)
    drain_all()
    assert filed_in_order() == archives


def test_messages_in_reverse_do_not_turn_the_order_round() -> None:
    archives = queued(10)
    queue.put(archives[::-1])
    drain_all(3)
    assert filed_in_order() == archives


@pytest.mark.parametrize("wipe", [brokers.purge, brokers.delete])
def test_a_broker_that_was_wiped_costs_nobody_the_place(wipe: brokers.Wipe, broker_url: str) -> None:
    archives = queued(10)
    queue.put(archives)
    wipe(broker_url, queue.NAME)
    drain_all()
    assert filed_in_order() == archives


def test_a_message_that_nobody_can_read_stops_no_drain(broker_url: str) -> None:
    archives = queued(3)
    queue.put(archives[:1])
    with Connection(broker_url) as connection:
        connection.Producer().publish(
            b"\x80\x04no",
            routing_key=queue.NAME,
            exchange="",
            content_type="application/x-python-serialize",
            content_encoding="binary",
        )
    queue.put(archives[1:])
    drain_all()
    assert filed_in_order() == archives


def test_a_drain_killed_before_its_commit_leaves_everybody_in_the_queue() -> None:
    archives = queued(20)
    queue.put(archives)
    assert dies(drain_until_before_the_commit)
    assert Archive.objects.filter(state=ArchiveState.QUEUED).count() == 20
    drain_all()
    assert filed_in_order() == archives


def test_a_drain_killed_between_commit_and_acknowledgement_files_nobody_twice() -> None:
    archives = queued(20)
    queue.put(archives)
    assert dies(drain_until_after_the_commit)
    assert filed_in_order() == archives[:10]
    drain_all()
    assert filed_in_order() == archives


def test_a_drain_that_fails_puts_its_messages_back(monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put(queued(4))
    with monkeypatch.context() as broken:
        broken.setattr(filing, "merge", None)
        with pytest.raises(TypeError):
            filing.drain()
    assert queue.depth() == 4


def drain_until_before_the_commit() -> None:
    filing.writing.write_all = kill_myself  # type: ignore[attr-defined]
    filing.drain(10)


def drain_until_after_the_commit() -> None:
    file_batch = filing.file_batch

    def file_and_die(most: int) -> Batch:
        file_batch(most)
        kill_myself()
        raise AssertionError("still alive")

    filing.file_batch = file_and_die
    filing.drain(10)
