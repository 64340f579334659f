"""Places in a line: numbered without gaps, and counted at the cost of a few rows however long the line is.

Places are given in the order of commits, so whoever stands in front was there first. How many of those in front are
gone is kept in a binary indexed tree (Fenwick): node i counts the gone among the last `lowest_bit(i)` places up to i.
Leaving changes at most 40 nodes, asking reads at most 40: O(log N).

Whoever takes the place of an earlier trial stands at the head of the line, among the few that came back as he did: how
many of those are in front is counted plainly, so the nodes that nobody else reads any more may be forgotten all the
same.
"""

from collections.abc import Iterator

from django.db import connection

from hospital.prepared import Prepared

LAST_NODE = 2**40
"""More places than a line will ever give."""

_NO_ARREARS = """
    CASE WHEN joined > gone THEN passed ELSE greatest(passed, (
        SELECT coalesce(min(other.passed) FILTER (WHERE other.joined > other.gone), max(other.passed))
          FROM insurance_line other
         WHERE other.insurer_id = insurance_line.insurer_id AND other.id <> insurance_line.id AND NOT other.urgent)) END
"""
"""A line where nobody waited starts beside the one that is next; if nobody waits at all, beside the one farthest on."""

_JOIN = f"""
    WITH place AS (
        UPDATE insurance_line SET joined = joined + 1, joined_at = clock_timestamp(), passed = {_NO_ARREARS}
         WHERE id = %(line_id)s RETURNING joined)
    UPDATE insurance_trial SET line_id = %(line_id)s, number = place.joined FROM place
     WHERE id = %(trial_id)s RETURNING number
"""
_GONE_ONE_MORE = f"UPDATE insurance_line SET gone = gone + %(more)s, passed = {_NO_ARREARS} WHERE id = %(line_id)s"
_COUNT = """
    INSERT INTO insurance_linenode (line_id, node, gone) SELECT %(line_id)s, unnest(%(nodes)s), %(more)s
    ON CONFLICT (line_id, node) DO UPDATE SET gone = insurance_linenode.gone + EXCLUDED.gone
"""
_gone = Prepared(
    "places_gone",
    ["bigint", "bigint[]"],
    "SELECT coalesce(sum(gone), 0)::bigint FROM insurance_linenode WHERE line_id = $1 AND node = ANY($2)",
)
GONE_BEFORE = """
    SELECT coalesce(sum(gone), 0)::bigint FROM insurance_linenode
     WHERE line_id = trial.line_id AND node = ANY (ARRAY (
           SELECT (trial.number - 1) >> bit << bit FROM generate_series(0, 40) bit
            WHERE (trial.number - 1) >> bit & 1 = 1))
"""
"""The same where the place stands in a row of `trial`; the nodes are those of `_reading`."""

_IN_FRONT = "SELECT count(*) FROM insurance_trial WHERE line_id = %s AND number < %s AND state = 'waiting'"
_PRUNE = """
    DELETE FROM insurance_linenode node USING insurance_line line
     WHERE line.id = node.line_id AND node.node + (node.node & -node.node) < least(line.joined + 1,
         (SELECT min(number) FROM insurance_trial WHERE line_id = line.id AND state = 'waiting'),
         (SELECT min(number) FROM insurance_trial WHERE line_id = line.id AND state IN ('calling', 'frozen')))
"""


def join(line_id: int, trial_id: int) -> int:
    """The last place in the line, from now on this trial's. The last thing in a transaction: others wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, {"line_id": line_id, "trial_id": trial_id})
        return int(cursor.fetchone()[0])


def leave(line_id: int, number: int) -> None:
    """Whoever has this place no longer waits. In the transaction that moves him."""
    _count(line_id, number, 1)


def come_back(line_id: int, number: int) -> None:
    """Somebody waits again at this place. Call in the transaction that makes him wait."""
    _count(line_id, number, -1)


def ahead(line_id: int, number: int) -> int:
    """How many wait in front of this place in its line, exactly."""
    gone = _gone.row(line_id, list(_reading(number - 1)))
    assert gone is not None
    return max(number - 1 - int(gone[0]), 0)


def ahead_at_head(line_id: int, number: int) -> int:
    """The same for a place that was given before to an earlier trial: its nodes may be forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_FRONT, [line_id, number])
        return int(cursor.fetchone()[0])


def prune() -> int:
    """The tick: forget the nodes that nobody will ask about again. Returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE)
        return int(cursor.rowcount)


def _count(line_id: int, number: int, more: int) -> None:
    """The line's row first, as everybody locks it, then its nodes: a statement each, or the order would be open."""
    counted: dict[str, int | list[int]] = {"line_id": line_id, "nodes": list(_writing(number)), "more": more}
    with connection.cursor() as cursor:
        cursor.execute(_GONE_ONE_MORE, counted)
        cursor.execute(_COUNT, counted)


def _writing(place: int) -> Iterator[int]:
    """The nodes that count this place."""
    while place <= LAST_NODE:
        yield place
        place += place & -place


def _reading(place: int) -> Iterator[int]:
    """The nodes that together count all places up to this one."""
    while place > 0:
        yield place
        place -= place & -place
