"""Looks a second for each core: a place in the line; then a trial, a story and the line with nothing new. By wrk.

"For each core": divided by the CPU time that the web processes took, and beside it by that of the database. Beside them
the plain `ModelViewSet`s, whose trial tells neither place nor wait.
"""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta

import httpx
import psutil
from django.db import connection
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from insurance.models import Trial
from insurance.states import TrialState
from insurance.trial import admission
from tests.bench import figures, rows, serving, wrk
from tests.bench.figures import Figure
from tests.bench.options import Options
from tests.bench.serving import Served
from tests.bench.wrk import Ask

PATIENTS = 500
AT_ONCE = 16
API = "/api/v1/"
LINE = [(f"{API}line/", "-")]


def run(options: Options) -> list[Figure]:
    """Each kind of look on each server for a quarter of `seconds`, at least two."""
    seconds = max(2, options.seconds // 4)
    who = rows.told(PATIENTS)
    tokens = [str(AccessToken.for_user(one.patient.user)) for one in who]
    trials = [(f"{API}trials/{admission.enter(one).pk}/", token) for one, token in zip(who, tokens, strict=True)]
    stories = [(f"{API}appointments/{one.pk}/", token) for one, token in zip(who, tokens, strict=True)]
    with ExitStack() as stack:
        commands = {"granian (Procfile)": serving.ours(), "gunicorn": serving.gunicorn()}
        sides = {name: stack.enter_context(serving.serving(command)) for name, command in commands.items()}
        plain = stack.enter_context(serving.serving(serving.plain()))
        usual, usual_story = (_measured(plain, _asks(looks), seconds) for looks in (trials, stories))
        found = [
            _figure(f"a place, {name}", _measured(served, _asks(trials), seconds), usual)
            for name, served in sides.items()
        ]
        _price()
        for name, served in sides.items():
            for what, looks, beside in (
                ("trial", trials, usual),
                ("story", stories, usual_story),
                ("line", LINE, None),
            ):
                measured = _measured(served, _known(served, looks), seconds)
                found.append(_figure(f"{what} unchanged, {name}", measured, beside))
    return found


def _price() -> None:
    """Everybody has a bill: nothing moves by itself any more."""
    bill = {"total_fen": 3052, "fund_fen": 2000, "account_fen": 0, "cash_fen": 1052, "hospital_fen": 0}
    until = timezone.now() + timedelta(hours=1)
    Trial.objects.update(**{"state": TrialState.PRICED, "valid_until": until, **bill})


Measured = tuple[float, float, float, str]
"""Looks a second, a CPU second of the web, a CPU second of web and database; and what was answered."""


def _measured(served: Served, asks: Sequence[Ask], seconds: int) -> Measured:
    wrk.run(asks, served.at, connections=AT_ONCE, seconds=1)  # the first requests import and connect
    web, database = served.cpu_seconds(), _database_seconds()
    load = wrk.run(asks, served.at, connections=AT_ONCE, seconds=seconds)
    web, database = served.cpu_seconds() - web, _database_seconds() - database
    told = f"{dict(load.statuses)}; p50 {load.p50 * 1000:.1f} ms, p99 {load.p99 * 1000:.1f} ms"
    return load.per_second, load.requests / web, load.requests / (web + database), told


def _figure(name: str, ours: Measured, usual: Measured | None) -> Figure:
    notes = f"{ours[0]:,.0f}/s in all; {ours[2]:,.0f} with the database's CPU; {ours[3]}"
    if usual is None:
        return figures.alone(name, "looks/s a core", [ours[1]], notes)
    return figures.compared(name, "looks/s a core", [ours[1]], [usual[1]], f"baseline: plain; {notes}")


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
    return float(own.user + own.system + ended + sum(map(_cpu_seconds, postmaster.children())))


def _cpu_seconds(process: psutil.Process) -> float:
    """Of one that may end at any moment."""
    with suppress(psutil.NoSuchProcess):
        return float(sum(process.cpu_times()[:2]))
    return 0.0
