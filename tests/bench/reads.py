"""Looks a second for each core: the line, a trial, an appointment; most of them find nothing new. Load by wrk.

"For each core": divided by the CPU time that the web processes took, and beside it by that of the database. Beside them
the plain `ModelViewSet`s, whose trial tells neither place nor wait.
"""

from collections.abc import Sequence
from contextlib import ExitStack

import httpx
import psutil
from django.db import connection
from rest_framework_simplejwt.tokens import AccessToken

from insurance.trial import admission
from tests.bench import figures, rows, serving, wrk
from tests.bench.figures import Figure
from tests.bench.options import Options
from tests.bench.serving import Served
from tests.bench.wrk import Ask

PATIENTS = 500
AT_ONCE = 16
API = "/api/v1/"


def run(options: Options) -> list[Figure]:
    """Each kind of look on each server for a quarter of `seconds`, at least two."""
    seconds = max(2, options.seconds // 4)
    who = rows.told(PATIENTS)
    trials = [(f"{API}trials/{admission.enter(one).pk}/", str(AccessToken.for_user(one.patient.user))) for one in who]
    rows_of = {
        "trials": trials,
        "appointments": [(f"{API}appointments/{one.pk}/", token) for one, (_, token) in zip(who, trials, strict=True)],
        "line": [(f"{API}line/", "-")],
    }
    found: list[Figure] = []
    with ExitStack() as stack:
        sides = {"gunicorn": stack.enter_context(serving.serving(serving.ours()))}
        if command := serving.granian():
            sides["granian"] = stack.enter_context(serving.serving(command))
        plain = stack.enter_context(serving.serving(serving.plain()))
        for kind, looks in rows_of.items():
            usual = None if kind == "line" else _measured(plain, _asks(looks), seconds)
            for name, served in sides.items():
                found += [
                    _figure(f"{kind}, {name}", _measured(served, asks, seconds), usual, what)
                    for what, asks in (("200", _asks(looks)), ("ETag sent", _known(served, looks)))
                ]
    return found


Measured = tuple[float, float, float, str]
"""Looks a second, a CPU second of the web, a CPU second of web and database; and what was answered."""


def _measured(served: Served, asks: Sequence[Ask], seconds: int) -> Measured:
    wrk.run(asks, served.at, connections=AT_ONCE, seconds=1)  # the first requests import and connect
    web, database = served.cpu_seconds(), _database_seconds()
    load = wrk.run(asks, served.at, connections=AT_ONCE, seconds=seconds)
    web, database = served.cpu_seconds() - web, _database_seconds() - database
    told = f"{dict(load.statuses)}; p50 {load.p50 * 1000:.1f} ms, p99 {load.p99 * 1000:.1f} ms"
    return load.per_second, load.requests / web, load.requests / (web + database), told


def _figure(name: str, ours: Measured, usual: Measured | None, what: str) -> Figure:
    notes = f"{ours[0]:,.0f}/s in all; {ours[2]:,.0f} with the database's CPU; {ours[3]}"
    if usual is None:
        return figures.alone(f"{name}, {what}", "looks/s a core", [ours[1]], notes)
    return figures.compared(f"{name}, {what}", "looks/s a core", [ours[1]], [usual[1]], f"baseline: plain; {notes}")


def _asks(looks: Sequence[tuple[str, str]]) -> list[Ask]:
    return [Ask("GET", path, token) for path, token in looks]


def _known(served: Served, looks: Sequence[tuple[str, str]]) -> list[Ask]:
    """With the ETag of what stands there now."""
    with httpx.Client(base_url=f"http://{served.at}", trust_env=False, timeout=60) as client:
        return [Ask("GET", path, token, _etag(client, path, token)) for path, token in looks]


def _etag(client: httpx.Client, path: str, token: str) -> str:
    headers = {} if token == "-" else {"Authorization": f"Bearer {token}"}
    return client.get(path, headers=headers).headers["ETag"]


def _database_seconds() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    assert postmaster is not None
    own = postmaster.cpu_times()
    ended = own.children_user + own.children_system
    return float(own.user + own.system + ended + sum(sum(one.cpu_times()[:2]) for one in postmaster.children()))
