"""A setting changed while a real beat and a real worker run: nobody restarts them."""

from pathlib import Path

from hospital import tuning
from hospital.models import Archive, Tick
from hospital.states import ArchiveState
from tests.acceptance.hospital import open_hospital
from tests.races import brokers
from tests.races.crowd import queued
from tests.races.together import wait_until
from tests.simulators import Simulator


def test_a_shorter_tick_and_another_m_hold_without_a_restart(
    insurer: Simulator, payments: Simulator, tmp_path: Path
) -> None:
    tuning.change("FILING_EVERY_SECONDS", 3600, who="a test", why="a quiet day")
    broker = brokers.address("valkey")
    with open_hospital(tmp_path, broker, insurer, payments, "general", "beat"):
        wait_until(lambda: Tick.objects.filter(name="filing").exists(), seconds=40)  # the tick of this hour is taken
        archives = queued(310)
        tuning.change("FILING_BATCH_SIZE", 150, who="a test", why="a busy day")
        tuning.change("FILING_EVERY_SECONDS", 1, who="a test", why="a busy day")
        wait_until(lambda: filed() == len(archives))
    rows = Archive.objects.order_by("pk").values_list("filed_at", flat=True)
    batches = [list(rows).count(moment) for moment in sorted(set(rows))]
    assert batches == [150, 150, 10]


def filed() -> int:
    return Archive.objects.filter(state=ArchiveState.FILED).count()
