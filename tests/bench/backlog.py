"""Every statement of a patient's way, from signing in to the receipt, with little in the tables and with much.

What is shown is the time of each statement as our own code issues it, the best of some patients, since noise only adds;
the slowest first.
A statement whose cost does not grow has a ratio of about 1.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import connection

from hospital.models import Appointment
from tests import factories
from tests.backlog import years
from tests.backlog.rows import TABLES
from tests.backlog.statements import Statements
from tests.backlog.story import Story
from tests.bench.figures import Sheet
from tests.bench.options import Options
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.simulators import SECRET, running

SMALL = 1_000
PATIENTS = 5
"""How many go the whole way at each size; the first of them warms up."""

SHOWN = 25
SHORT_MS = 0.2
"""What takes less is not shown: its ratio is noise."""

_TABLES = """
    SELECT relname, reltuples::bigint, pg_total_relation_size(oid) AS bytes
      FROM pg_class WHERE relname = ANY(%s) ORDER BY bytes DESC LIMIT 12
"""


def run(options: Options) -> list[Sheet]:
    """The statements, and the parts of the way."""
    logging.disable(logging.WARNING)
    with running("insurer") as insurer, running("payments", "--secret", SECRET) as payments:
        settings.INSURANCE_URL, settings.PAYMENT_URL, settings.PAYMENT_SECRET = insurer.url, payments.url, SECRET
        settings.RATELIMIT_ENABLE, settings.ALLOWED_HOSTS = False, ["testserver"]
        forget_the_insurer()
        told = [doing.told(doing.somebody_who_pays_cash()) for _ in range(2 * PATIENTS)]
        old = years.begin()
        few = (SMALL, SMALL // 5, SMALL)
        old.come(*few)
        small = _measured(told[:PATIENTS])
        stories = options.rows if options.finished is None else max(1, options.finished // years.SETTLEMENTS)
        many = (stories, options.rows // 5, options.rows)
        old.come(*many, after=few, months=options.months)
        big = _measured(told[PATIENTS:])
    return _sheets(small, big)


def _measured(told: list[Appointment]) -> Statements:
    """The way of each of these; nobody stands in front of them, however many wait."""
    warming, heard = Statements(), Statements()
    for place, appointment in enumerate(told):
        story = Story(heard if place else warming)
        story.book(factories.session())
        story.file(200)
        settlement = story.settle(appointment, urgent=True)
        story.upkeep()
        story.look(settlement)
    return heard


def _sheets(small: Statements, big: Statements) -> list[Sheet]:
    both = [sql for sql in big.seconds if sql in small.seconds]
    few, many = ({sql: min(side.seconds[sql]) * 1000 for sql in both} for side in (small, big))
    slowest = sorted((sql for sql in both if max(few[sql], many[sql]) >= SHORT_MS), key=lambda sql: -many[sql])
    rows = [
        {
            "where": big.at[sql],
            "statement": sql[:60],
            "small ms": few[sql],
            "big ms": many[sql],
            "ratio": many[sql] / few[sql],
        }
        for sql in slowest[:SHOWN]
    ]
    return [
        Sheet("backlog: each part of the way, all its statements once", _parts(both, big.at, few, many), []),
        Sheet("backlog: each statement with little and with much in the tables", rows, _notes(both, few, many)),
    ]


def _parts(
    both: list[str], at: Mapping[str, str], few: Mapping[str, float], many: Mapping[str, float]
) -> list[dict[str, Any]]:
    parts: dict[str, list[str]] = {}
    for sql in both:
        parts.setdefault(at[sql], []).append(sql)
    sums = ((where, len(told), sum(few[s] for s in told), sum(many[s] for s in told)) for where, told in parts.items())
    return [
        {"where": where, "statements": count, "small ms": small, "big ms": big, "ratio": big / small}
        for where, count, small, big in sums
    ]


def _notes(both: list[str], few: Mapping[str, float], many: Mapping[str, float]) -> list[str]:
    total_few, total_many = sum(few.values()), sum(many.values())
    grown = [sql for sql in both if many[sql] >= SHORT_MS and many[sql] > 1.3 * few[sql]]
    return [
        f"all {len(both)} statements once: {total_few:.0f} ms with little, {total_many:.0f} ms with much,"
        f" ratio {total_many / total_few:.2f}",
        f"{len(grown)} of those that take {SHORT_MS} ms or more take more than 1.3 times as long",
        _sizes(),
    ]


def _sizes() -> str:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [list(TABLES)])
        largest = cursor.fetchall()
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    free = psutil.disk_usage(str(Path.cwd())).free
    told = ", ".join(f"{name.partition('_')[2]} {count:,} ({of / 2**30:.1f} GiB)" for name, count, of in largest)
    return f"rows: {told}; database {size / 2**30:.1f} GiB, {free / 2**30:.0f} GiB free"
