"""Bookings a second through real HTTP, by wrk. Beside them, in the same run: the same inserts by pgbench, which is what
the database takes, and a plain `ModelViewSet` with default settings.

Every round begins with no appointments at all. Then what a surge and a hot session are like.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from uuid import uuid4

from django.db import connection
from django.db.models import F
from rest_framework_simplejwt.tokens import AccessToken

from hospital.archives import queue
from hospital.models import Appointment, Patient, Session
from tests.bench import booking_sql, figures, measure, pgbench, rows, serving, wrk
from tests.bench.figures import Figure
from tests.bench.options import Options
from tests.bench.serving import Served
from tests.bench.wrk import Ask, Load

AT_ONCE = 64
SESSIONS = 40
HOT_PATIENTS, HOT_SEATS, HOT_CONNECTIONS = 10_000, 500, 200
SURGE, SURGE_CONNECTIONS = 2.5, 400
QUIET_SECONDS = 0.3
PATH = "/api/v1/appointments/"


class Crowd:
    """Patients with their tokens and cards, and the sessions they book."""

    def __init__(self, who: Sequence[Patient], sessions: Sequence[Session]) -> None:
        self.who, self.sessions = who, sessions
        self.tokens = [str(AccessToken.for_user(one.user)) for one in who]

    def asks(self, *, keyed: bool = False) -> list[Ask]:
        """Everybody in turn, each time in another session."""
        return list(islice(self._endless(keyed), 20_000))

    def hot(self, session: Session) -> list[Ask]:
        """Everybody once, in the same session."""
        return [self._ask(patient, session.pk, keyed=False) for patient in range(len(self.who))]

    def _endless(self, keyed: bool) -> Iterator[Ask]:
        for turn in range(len(self.sessions)):
            for patient in range(len(self.who)):
                yield self._ask(patient, self.sessions[(patient + turn) % len(self.sessions)].pk, keyed=keyed)

    def _ask(self, patient: int, session_id: int, *, keyed: bool) -> Ask:
        card = {"type": "02", "number": self.who[patient].id_number}
        body = json.dumps({"session": session_id, "insurance_card": card})
        return Ask("POST", PATH, self.tokens[patient], str(uuid4()) if keyed else "-", body)


class Side:
    """One server, asked again and again."""

    def __init__(self, served: Served, crowd: Crowd, seconds: int, *, keyed: bool = False) -> None:
        self.served, self.seconds, self.asks = served, seconds, crowd.asks(keyed=keyed)
        self.cpu_ms: list[float] = []
        """CPU time of the web processes for one booking, of each round; hints to the broker included."""

    def load(self) -> Load:
        """One round. Every answer must be a booking."""
        forget()
        before = self.served.cpu_seconds()
        load = wrk.run(self.asks, self.served.at, connections=AT_ONCE, seconds=self.seconds)
        if set(load.statuses) - {"201"} or load.socket_errors:
            raise RuntimeError(f"not every booking was taken: {load}")
        quiet()
        self.cpu_ms.append((self.served.cpu_seconds() - before) * 1000 / load.requests)
        return load


def run(options: Options) -> list[Figure]:
    """Each side is measured for `seconds`."""
    rounds, each = measure.turns(options.seconds)
    crowd = Crowd(rows.patients(HOT_PATIENTS), rows.sessions(SESSIONS, seats=1_000_000))
    with ExitStack() as stack:
        web, plain_web = (
            stack.enter_context(serving.serving(serving.ours())),
            stack.enter_context(serving.serving(serving.plain())),
        )
        ours, keyed = Side(web, crowd, each), Side(web, crowd, each, keyed=True)
        plain = Side(plain_web, crowd, each)
        other = stack.enter_context(serving.serving(serving.gunicorn()))
        sides = {"granian (Procfile)": ours, "gunicorn": Side(other, crowd, each)}
        turns: list[Callable[[], object]] = [*(side.load for side in sides.values()), keyed.load, plain.load]
        for warm in turns:
            warm()  # the first requests import and connect
        found = measure.interleaved(rounds, *turns, lambda: _bare(crowd, each))
        bare, usual = found[-1], found[-2]
        per_second = {name: [load.per_second for load in loads] for name, loads in zip(sides, found, strict=False)}
        best = max(per_second, key=lambda name: measure.median(per_second[name]))
        peak = measure.median(per_second[best])
        return [
            *(_beside(f"booking, {name}", found[at], bare, sides[name]) for at, name in enumerate(sides)),
            _beside("booking, Idempotency-Key", found[len(sides)], bare, keyed),
            _beside("plain ModelViewSet", usual, bare, plain),
            figures.compared(
                f"booking, {best} / plain", "bookings/s", per_second[best], [one.per_second for one in usual]
            ),
            _steady(sides[best], peak, 0.7),
            _surge(sides[best], peak),
            _hot(sides[best].served, crowd),
        ]


def _bare(crowd: Crowd, seconds: int) -> pgbench.Run:
    """One round of the same inserts by pgbench."""
    forget()
    variables = {
        "n": 0,
        "clients": AT_ONCE,
        "first_patient": crowd.who[0].pk,
        "patients": len(crowd.who),
        "first_session": crowd.sessions[0].pk,
        "sessions": len(crowd.sessions),
    }
    return pgbench.run(booking_sql.SCRIPT, clients=AT_ONCE, seconds=seconds, variables=variables)


def _beside(name: str, loads: Sequence[Load], bare: Sequence[pgbench.Run], side: Side) -> Figure:
    notes = f"baseline: pgbench; {_latency(*loads)}; web {measure.median(side.cpu_ms):.2f} ms CPU each"
    return figures.compared(
        name, "bookings/s", [one.per_second for one in loads], [one.per_second for one in bare], notes
    )


def _latency(*loads: Load) -> str:
    p50, worst = measure.median([one.p50 for one in loads]), max(one.p99 for one in loads)
    return f"p50 {1000 * p50:.0f} ms, p99 {1000 * worst:.0f} ms"


def _steady(side: Side, peak: float, share: float) -> Figure:
    """At this share of the peak: 64 patients at a time, who pause at random."""
    forget()
    connections = 64
    load = wrk.run(
        side.asks, side.served.at, connections=connections, seconds=5, delay_ms=connections / (peak * share) * 1000
    )
    notes = f"goal: < 150; p50 {load.p50 * 1000:.0f} ms at {load.per_second:.0f}/s; {dict(load.statuses)}"
    return figures.alone(f"booking: p99 at {share:.0%} of the peak", "ms", [load.p99 * 1000], notes)


def _surge(side: Side, peak: float) -> Figure:
    """Two and a half times what it takes: so many ask that somebody must be told to come again."""
    forget()
    delay_ms = SURGE_CONNECTIONS / (peak * SURGE) * 1000
    load = wrk.run(side.asks, side.served.at, connections=SURGE_CONNECTIONS, seconds=5, delay_ms=delay_ms)
    taken = Appointment.objects.count() / load.seconds
    notes = f"{load.per_second:.0f} asked a second; {dict(load.statuses)}; {_latency(load)}"
    notes = f"baseline: the peak; {notes}"
    return figures.compared(f"booking: surge of {SURGE} × the peak", "bookings/s", [taken], [peak], notes)


def _hot(served: Served, crowd: Crowd) -> Figure:
    """Everybody wants the same session."""
    forget()
    session = crowd.sessions[0]
    Session.objects.filter(pk=session.pk).update(capacity=HOT_SEATS, free=HOT_SEATS)
    load = wrk.run(crowd.hot(session), served.at, connections=HOT_CONNECTIONS, seconds=30, once=True)
    seats = Appointment.objects.filter(session=session)
    booked = seats.count()
    if booked > HOT_SEATS:
        raise RuntimeError(f"{booked} bookings for {HOT_SEATS} seats")
    times = seats.order_by("created_at").values_list("created_at", flat=True)
    sold_seconds = (times.last() - times.first()).total_seconds()  # type: ignore[operator]
    notes = f"{dict(load.statuses)}; {booked} booked within {sold_seconds:.2f} s; {_latency(load)}"
    return figures.alone(f"hot session: {HOT_PATIENTS:,} for {HOT_SEATS}", "answers/s", [load.per_second], notes)


def forget() -> None:
    """No appointments, every seat free, and nobody who still asks."""
    quiet()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE hospital_appointment, hospital_journal, hospital_idempotentrequest CASCADE")
    Session.objects.update(free=F("capacity"))
    rows.tidy(Session)


def quiet() -> None:
    """Wait until the web processes have answered whoever hung up, and have given their hints to the broker: the next
    side must begin with nothing, and the baseline must not run beside them."""
    last = None
    while (now := (Appointment.objects.count(), queue.depth())) != last:
        last = now
        time.sleep(QUIET_SECONDS)
