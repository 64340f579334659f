"""The centre's wall time, in which every dialect writes (protocol 1.3)."""

from datetime import datetime, timedelta, timezone

CENTRE_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991


def centre_time(moment: datetime) -> datetime:
    """Raises ValueError for a naive time, which would be the machine's own."""
    if moment.tzinfo is None:
        raise ValueError("a time on the wire must be aware")
    return moment.astimezone(CENTRE_TIME)
