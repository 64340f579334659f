"""The same processes on many hosts: versions roll, hosts are cut off, PostgreSQL restarts, and nobody is lost."""

import time
from pathlib import Path

import pytest

from tests.broker.own_rabbitmq import Node
from tests.hosts.hospital import WEB, Hospital, opened
from tests.hosts.network import Network
from tests.hosts.visitors import Visit, crowd, told, wrong

ANSWERED_ALL_THE_SAME = {"ConnectError", "ReadError", "RemoteProtocolError"}
"""While versions roll, at most a connection ends just as a request is sent on it."""


@pytest.mark.timeout(1800)
def test_patients_are_carried_through_while_hosts_come_and_go(
    hosts: Network, nodes: list[Node], tmp_path: Path
) -> None:
    began = time.monotonic()
    with opened(hosts, nodes, tmp_path) as there:
        with crowd(there) as visiting:
            visiting.until_priced(5)
            roll_every_web_host(there, visiting)
            with there.cut_off("insurance2", "web2"):
                visiting.until_priced(12)
            visiting.until_priced(6)
            there.restart_the_database()
            visiting.until_over()
        there.close()
        print(told(there, visiting, began))
        assert wrong(there, visiting) == {}


def roll_every_web_host(there: Hospital, visiting: Visit) -> None:
    before = visiting.crowd.errors.copy()
    for name in WEB:
        there.roll(name)
    lately = {what.rpartition(": ")[2] for what in visiting.crowd.errors - before}
    assert lately <= ANSWERED_ALL_THE_SAME
