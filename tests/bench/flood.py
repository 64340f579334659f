"""What patients get while others only want to keep the server busy, beside what they get without those. By wrk.

The limits are those of production, and a proxy tells whose address a request is of: every patient has one of their own.
The patients ask as often with the flood as without; each part of the flood asks as fast as it is answered.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from rest_framework_simplejwt.tokens import AccessToken

from hospital.models import Patient, Session
from tests.bench import booking, figures, measure, rows, serving, wrk
from tests.bench.figures import Figure
from tests.bench.options import Options
from tests.bench.wrk import Ask, Load

PATIENTS = 4_000
CONNECTIONS, PAUSE_MS = 32, 800
"""Some forty requests a second: well below what a small machine takes."""

FLOOD_CONNECTIONS = 8
"""Of each part of the flood."""

SOURCES, GUESSED = 4, 200
"""Addresses that the flood comes from, and accounts whose passwords are guessed."""

LIMITS = {
    "TRUSTED_PROXIES": "1",
    "RATE_LIMIT_PER_ADDRESS": "600/m",
    "RATE_LIMIT_SIGNED_IN_PER_ADDRESS": "6000/m",
}
LOOKS = ("/api/v1/line/", "/api/v1/sessions/", "/api/v1/line/")
SERVED = ("200", "201", "304")

Flood = Mapping[str, Sequence[Ask]]
_floods = count(1)


@dataclass(frozen=True)
class Round:
    """What the patients got, and each part of the flood."""

    patients: Load
    flood: Mapping[str, Load]

    @property
    def served_per_second(self) -> float:
        return sum(self.patients.statuses.get(status, 0) for status in SERVED) / self.patients.seconds

    @property
    def refused(self) -> float:
        """The share of the patients' requests that came to nothing."""
        served = sum(self.patients.statuses.get(status, 0) for status in SERVED)
        asked = self.patients.requests + self.patients.socket_errors
        return 1 - served / asked


def run(options: Options) -> list[Figure]:
    """Each side for `seconds`, turn by turn; each round meets a flood of addresses that nobody has counted yet."""
    rounds, each = measure.turns(max(options.seconds, 8))
    crowd, session = rows.patients(PATIENTS), rows.sessions(1, seats=1_000_000)[0]
    tokens = [str(AccessToken.for_user(patient.user)) for patient in crowd]
    asks = list(_patients(crowd, tokens, session))
    with serving.serving(serving.ours(), **LIMITS) as web:

        def met(flood: Flood, seconds: int = each) -> Round:
            return _round(asks, flood, web.at, seconds)

        met({}, 2)  # the first requests import and connect
        quiet, flooded = measure.interleaved(
            rounds, lambda: met({}), lambda: met(_flood(crowd, tokens[-1], session, next(_floods)))
        )
    return [*_patients_got(flooded, quiet), *_flood_got(flooded)]


def _round(asks: Sequence[Ask], flood: Flood, at: str, seconds: int) -> Round:
    """All at once, each by a wrk of its own."""
    booking.forget()
    with ThreadPoolExecutor(max_workers=8) as pool:
        parts = {
            name: pool.submit(wrk.run, part, at, connections=FLOOD_CONNECTIONS, seconds=seconds)
            for name, part in flood.items()
        }
        patients = wrk.run(asks, at, connections=CONNECTIONS, seconds=seconds, delay_ms=PAUSE_MS)
        return Round(patients, {name: part.result() for name, part in parts.items()})


def _patients(crowd: Sequence[Patient], tokens: Sequence[str], session: Session) -> Iterator[Ask]:
    """Each books, and looks at what can be booked and at the line."""
    for place, (patient, token) in enumerate(zip(crowd, tokens, strict=True)):
        address = f"10.1.{place // 250}.{place % 250 + 1}"
        yield _booking(patient, token, session, address)
        yield from (Ask("GET", path, token, address=address) for path in LOOKS)


def _booking(patient: Patient, token: str, session: Session, address: str) -> Ask:
    body = {"session": session.pk, "insurance_card": {"type": "02", "number": patient.id_number}}
    return Ask("POST", booking.PATH, token, body=json.dumps(body), address=address)


def _flood(crowd: Sequence[Patient], token: str, session: Session, number: int) -> Flood:
    """Guesses at passwords, requests of nobody, and one account that cannot have enough."""
    sources = [f"10.2.{number}.{place + 1}" for place in range(SOURCES)]
    guesses = [(source, patient.user.username) for patient in crowd[:GUESSED] for source in sources]
    return {
        "wrong sign-ins": [
            Ask("POST", "/api/v1/token/", body=json.dumps({"username": name, "password": "guessed"}), address=source)
            for source, name in guesses
        ],
        "requests of nobody": [Ask("GET", booking.PATH, address=source) for source in sources],
        "a token beyond its limit": [_booking(crowd[-1], token, session, sources[0])],
    }


def _patients_got(flooded: Sequence[Round], quiet: Sequence[Round]) -> Iterator[Figure]:
    told = f"baseline: without; {_statuses([one.patients for one in flooded])}"
    sides = [[one.served_per_second for one in side] for side in (flooded, quiet)]
    yield figures.compared("patients served beside a flood", "answers/s", *sides, told)
    late = [[one.patients.p99 * 1000 for one in side] for side in (flooded, quiet)]
    yield figures.compared("patients' p99 beside a flood", "ms", *late, "baseline: without")
    refused, before = ([one.refused * 100 for one in side] for side in (flooded, quiet))
    yield figures.alone("patients refused beside a flood", "%", refused, f"{measure.median(before):.2f} % without")


def _flood_got(flooded: Sequence[Round]) -> Iterator[Figure]:
    for name in flooded[0].flood:
        loads = [one.flood[name] for one in flooded]
        yield figures.alone(f"flood: {name}", "answers/s", [load.per_second for load in loads], _statuses(loads))


def _statuses(loads: Sequence[Load]) -> str:
    """How often each status came, over all rounds."""
    names = sorted({status for load in loads for status in load.statuses})
    return str({name: sum(load.statuses.get(name, 0) for load in loads) for name in names})
