"""How far a gateway's clock is from ours, by the `Date` of its answers. It matters for the time in a signature."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from insurance.interface.exchange import Reply, header

HALF_A_SECOND = 0.5  # Date has whole seconds, cut off: on average it is as much behind


def seconds_ahead(reply: Reply, sent_at: float, received_at: float) -> float | None:
    """The other clock minus ours, in seconds; None where the answer does not tell the time. Pure.

    It is as uncertain as half the time on the way, and half a second.
    """
    written = header(reply.headers, "date")
    try:
        told = parsedate_to_datetime(written) if written else None
    except ValueError:
        return None
    if told is None:
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    return told.timestamp() + HALF_A_SECOND - (sent_at + received_at) / 2
