"""Is it alive, and can it work?"""

from typing import Any

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from hospital import ticks
from operations import broker, cache

BROKER_SECONDS = 0.5


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and knows this version's tables: that alone decides, because booking needs nothing else.

    The cache, the broker and the age of the last tick are told beside it, for people.
    """
    beside = {"cache": cache.says().value, "broker": "ok" if broker.lately(BROKER_SECONDS).up else "away"}
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        last_tick = None if missing else _last_tick_seconds()
    except OperationalError:
        return JsonResponse({"ready": False, "database": "away", **beside}, status=503)
    told: dict[str, Any] = {"ready": not missing, "database": "ok", "migrations_missing": missing, **beside}
    return JsonResponse({**told, "last_tick_age_seconds": last_tick}, status=503 if missing else 200)


def _last_tick_seconds() -> float | None:
    """Since any tick came; None: none ever has."""
    ages = ticks.ages_seconds()
    return round(max(min(ages.values()), 0.0), 1) if ages else None
