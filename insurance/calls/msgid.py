"""Message ids from a real counter (protocol 4): institution (12) + yyyyMMddHHmmss (14) + sequence (4).

The sequence runs to 9999 within a second; when it is used up, the next second is borrowed. Ids never repeat and never
go back, whatever the clock does.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

PER_SECOND = 10_000
CENTRE_TIME = ZoneInfo("Asia/Shanghai")

_NEXT = """
    INSERT INTO insurance_messagecounter AS counter (institution, last)
    VALUES (%(institution)s, floor(extract(epoch FROM clock_timestamp()))::bigint * %(per_second)s)
    ON CONFLICT (institution) DO UPDATE SET last = GREATEST(counter.last + 1, EXCLUDED.last)
    RETURNING last
"""


def next_msgid(institution: str) -> str:
    """The next id of an institution (its 12-character code). Call outside a transaction: the row is shared."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"institution": institution, "per_second": PER_SECOND})
        return written(institution, cursor.fetchone()[0])


def written(institution: str, count: int) -> str:
    """The id that stands for a count."""
    second, sequence = divmod(count, PER_SECOND)
    return f"{institution}{datetime.fromtimestamp(second, CENTRE_TIME):%Y%m%d%H%M%S}{sequence:04d}"
