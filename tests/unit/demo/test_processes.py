"""The process runner: start, notice a death, stop, leave nothing."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from demo.home import ROOT
from demo.processes import ProcessDied, Processes, commands

PROCFILE = """\
# a comment
sleeper: sleep ${SECONDS_TO_SLEEP:-60}
mortal: sh -c 'echo last words; exit 3'
stubborn: sh -c 'trap "" TERM; echo deaf; while :; do sleep 1; done'
teller: sh -c 'echo "$GREETING"; sleep 60'
"""


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for a condition, at most so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    directory = tmp_path / "with space"
    directory.mkdir()
    (directory / "Procfile").write_text(PROCFILE)
    running = Processes(directory / "Procfile", directory / "var", {**os.environ, "GREETING": "hello"})
    yield running
    running.stop()


def has_died(processes: Processes) -> bool:
    try:
        processes.check()
    except ProcessDied:
        return True
    return False


def test_commands_are_read_by_name() -> None:
    assert commands(ROOT / "Procfile").keys() == {
        "web", "push", "general", "insurance", "beat", "flower", "insurer", "payments",
    }  # fmt: skip


def test_a_line_runs_twice_told_otherwise(processes: Processes) -> None:
    processes.also("other-teller", like="teller", GREETING="good day")
    processes.start("teller", "other-teller")
    until(lambda: processes.log("teller").read_text() == "hello\n")
    until(lambda: processes.log("other-teller").read_text() == "good day\n")


def test_a_colon_in_the_command_stays(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("\n# x: y\nweb: run --bind 127.0.0.1:80\n")
    assert commands(tmp_path / "Procfile") == {"web": "run --bind 127.0.0.1:80"}


def test_the_child_is_the_command_itself(processes: Processes) -> None:
    """No shell in between that would swallow the signal."""
    processes.start("sleeper")
    child = psutil.Process(processes.running["sleeper"].pid)
    until(lambda: child.cmdline() == ["sleep", "60"])
    assert os.getpgid(child.pid) == child.pid


def test_output_and_environment(processes: Processes) -> None:
    processes.start("teller")
    until(lambda: "hello" in processes.log("teller").read_text())


def test_a_death_is_told_with_the_last_words(processes: Processes) -> None:
    processes.start("sleeper", "mortal")
    until(lambda: has_died(processes))
    with pytest.raises(ProcessDied, match=r"(?s)mortal ended with 3.*last words"):
        processes.check()


def test_stop_ends_all(processes: Processes) -> None:
    processes.start("sleeper", "teller")
    pids = [process.pid for process in processes.running.values()]
    processes.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not processes.running


def test_stop_by_name_leaves_the_others(processes: Processes) -> None:
    processes.start("sleeper", "teller")
    processes.stop(["teller"])
    assert list(processes.running) == ["sleeper"]
    processes.check()


def test_the_stubborn_is_killed_with_its_children(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.processes.GRACE_SECONDS", 0.2)
    processes.start("stubborn")
    process = psutil.Process(processes.running["stubborn"].pid)
    until(lambda: "deaf" in processes.log("stubborn").read_text() and bool(process.children()))
    children = process.children()
    processes.stop()
    assert not process.is_running()
    until(lambda: not any(child.is_running() for child in children))
