"""The database, its tables, the cache, the broker and its queues."""

from collections.abc import Iterable

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from operations import broker as asking
from operations.cache import Cache, says
from operations.doctor.finding import Finding, bad, ok, warning
from tasks import queues

BROKER_SECONDS = 5.0
CROWDED = 0.8
"""Share of the connections the database allows."""

LONG = 1_000
"""More messages than turns are ever sent ahead."""

_SERVER = """
    SELECT current_setting('server_version'),
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
           current_setting('max_connections')::int,
           (SELECT array_agg(name::text ORDER BY name) FROM pg_settings
             WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'off'),
           (SELECT array_agg(name::text ORDER BY name) FROM pg_settings
             WHERE name IN ('idle_in_transaction_session_timeout', 'statement_timeout') AND setting = '0')
"""


def database() -> Iterable[Finding]:
    """It answers, keeps what it says it keeps, and has room."""
    with connection.cursor() as cursor:
        cursor.execute(_SERVER)
        version, used, most, careless, unguarded = cursor.fetchone()
    values = {"version": version, "used": used, "most": most}
    yield ok("database", _("PostgreSQL %(version)s, %(used)s of %(most)s connections") % values)
    if used > CROWDED * most:
        do = _("Raise max_connections or run fewer processes.")
        yield warning("database", _("%(used)s of %(most)s connections are in use") % values, do)
    if careless:
        says = _("%(names)s is off: what was committed may be lost in a crash") % {"names": ", ".join(careless)}
        do = _("Turn it on: the limit and the money rely on it.")
        yield (warning if settings.DEBUG else bad)("database", says, do)
    if unguarded:
        says = _("%(names)s is not set: who hangs holds everybody's locks") % {"names": ", ".join(unguarded)}
        yield warning("database", says, _("Set it in PgBouncer's connect_query (docs/deploy.md)."))


def migrations() -> Iterable[Finding]:
    """The database has this version's tables."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        says = _("%(count)s migrations are missing") % {"count": len(missing)}
        yield bad("migrations", says, _("Run manage.py migrate."))
    else:
        yield ok("migrations", _("all applied"))


def cache() -> Iterable[Finding]:
    """Without it everything works, but nobody is slowed down who asks too often."""
    found = says()
    if found is Cache.OK:
        yield ok("cache", _("it keeps what it is given"))
    elif found is Cache.AWAY:
        yield warning("cache", _("no answer"), _("Start it or put CACHE_URL right: until then rates are not limited."))
    else:
        yield warning("cache", _("it forgets at once"), _("Give it memory: rates are not limited without it."))


def broker() -> Iterable[Finding]:
    """Booking works without it; everything after waits for the workers."""
    told = asking.ask(BROKER_SECONDS, asking.compared)
    if not told.up:
        do = _("Start it or put BROKER_URL right. Booking goes on; filing, notices and calls wait.")
        yield bad("broker", _("no answer (%(error)s)") % {"error": told.error}, do)
        return
    yield ok("broker", "RabbitMQ" if settings.BROKER_IS_AMQP else "Redis / Valkey")
    absent = [name for name, depth in told.depths.items() if depth is None]
    if absent:
        says = _("not in the broker: %(names)s") % {"names": ", ".join(absent)}
        yield bad("queues", says, _("Start a worker: it declares every queue of tasks/queues.py."))
    if told.different:
        says = _("declared otherwise than in tasks/queues.py: %(names)s") % {"names": ", ".join(told.different)}
        yield bad("queues", says, _("Stop the workers, delete these queues and start the workers again."))
    yield from _lying({name: depth for name, depth in told.depths.items() if depth})
    if not absent and not told.different:
        yield ok("queues", _("%(count)s as declared in tasks/queues.py") % {"count": len(told.depths)})


def _lying(depths: dict[str, int]) -> Iterable[Finding]:
    for name, depth in depths.items():
        values = {"count": depth, "queue": name}
        if name == queues.DEAD or name.endswith(".dead"):
            says = _("%(count)s dead letters in %(queue)s") % values
            yield warning(
                "queues", says, _("Read why in the workers' log, then delete them: the sweep picks up their rows.")
            )
        elif depth > LONG:
            says = _("%(count)s messages in %(queue)s") % values
            yield warning("queues", says, _("See that its worker runs (Procfile)."))
