"""Ticks whose interval staff may change: asked for often by anybody, and due in the database, on its clock."""

from django.db import connection, models
from django.db.models.functions import Now

# The clock is read after another's row lock was waited for. A tick that lies ahead was taken before the clock was set
# back: it holds nobody up. The next tick counts from when this one was due, so that an interval of five seconds does
# not become six because it is asked for at 5.1; but no more than half a second is made up.
_TAKE = """
    INSERT INTO hospital_tick AS tick (name, last_at) VALUES (%(name)s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE
       SET last_at = least(clock_timestamp(), greatest(tick.last_at + make_interval(secs => %(every_seconds)s),
                                                       clock_timestamp() - interval '0.5 seconds'))
     WHERE tick.last_at <= clock_timestamp() - make_interval(secs => %(every_seconds)s)
        OR tick.last_at > clock_timestamp()
    RETURNING name
"""
_SEEN = """
    INSERT INTO hospital_tick AS tick (name, last_at) VALUES (%(name)s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET last_at = clock_timestamp()
     WHERE tick.last_at <= clock_timestamp() - interval '1 second' OR tick.last_at > clock_timestamp()
"""


class Tick(models.Model):
    """When something that is done every so often was last due."""

    name = models.CharField(max_length=40, primary_key=True)
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "hospital"

    def __str__(self) -> str:
        return self.name


def take(name: str, *, every_seconds: int) -> bool:
    """Whether the tick is due; if so, it is the caller's alone, whoever asks at the same time."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"name": name, "every_seconds": every_seconds})
        return cursor.fetchone() is not None


def seen(name: str) -> None:
    """It came, whether or not there was anything to do: written at most once a second, for those who watch."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"name": name})


def ages_seconds() -> dict[str, float]:
    """How long ago each tick came, on the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, extract(epoch FROM clock_timestamp() - last_at)::float8 FROM hospital_tick")
        return dict(cursor.fetchall())
