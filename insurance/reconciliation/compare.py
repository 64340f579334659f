"""A day's movements in our books laid beside those in another's. Pure: rows in, classed differences out.

A movement is known by its `key`, on both sides alike: the settlement's number at the insurer, the order's or refund's
of ours. What only the insurer has is known by the message that made it (protocol 3.12), and belongs to the settlement
(`number`) that sent it.

What was settled and taken back again, both on the same day and on one side only, is no difference: nothing stands on
either side, and the amounts cancel. So it is where 2601 has made it as if it had never been.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from insurance.reconciliation.rules import Class, Movement, Remedy, Says, remedy_of

Key = tuple[Movement, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One movement in a book, in fen: `amounts` is the total first; what takes back is negative.

    `mark` is what else is told of it and must be the same. `number` is that of our settlement, "" if it is not known.
    """

    movement: Movement
    key: str
    amounts: tuple[int, ...]
    day: date
    number: str = ""
    mark: str = ""
    msgid: str = ""
    says: Says = Says.NOTHING


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. The days are those on which it stands in our book and in theirs, where that is known."""

    classed: Class
    movement: Movement
    key: str
    number: str
    says: Says
    msgid: str = ""
    ours_fen: int | None = None
    theirs_fen: int | None = None
    ours_day: date | None = None
    theirs_day: date | None = None
    told: str = ""

    @property
    def remedy(self) -> Remedy:
        """What is done about it."""
        return remedy_of(self.classed, self.movement, self.says)


def compare(
    ours: Iterable[Row],
    theirs: Iterable[Row],
    *,
    ours_elsewhere: Sequence[Row] = (),
    theirs_elsewhere: Mapping[Key, date] | None = None,
) -> list[Found]:
    """Every difference, once. `ours_elsewhere`: rows of ours that were not in the comparison, of other days or learnt
    meanwhile; `theirs_elsewhere`: on which other day the other book was seen to show a movement."""
    left = {(row.movement, row.key): row for row in ours}
    found, unsaid = [], []
    for row in theirs:
        own = left.pop((row.movement, row.key), None)
        if own is None:
            unsaid.append(row)
        elif differs := _differing(own, row):
            found.append(differs)
    found += _only_theirs(_numbered(_standing(unsaid)), list(ours_elsewhere))
    found += [_only_ours(row, theirs_elsewhere or {}) for row in _standing(left.values())]
    return found


def _differing(own: Row, row: Row) -> Found | None:
    if own.amounts == row.amounts and own.mark == row.mark:
        return None
    classed = Class.STATE if own.amounts == row.amounts else Class.AMOUNT
    told = f"{own.mark} / {row.mark}" if classed is Class.STATE else f"{_written(own)} / {_written(row)}"
    return replace(_of_ours(classed, own), msgid=row.msgid, theirs_fen=row.amounts[0], theirs_day=row.day, told=told)


def _only_theirs(rows: Iterable[Row], elsewhere: list[Row]) -> Iterable[Found]:
    """What we did not say: it may stand in our book all the same, on another day or since a moment ago."""
    for row in rows:
        own = _twin(row, elsewhere)
        if own is None:
            yield _of_theirs(row)
            continue
        elsewhere.remove(own)
        if differs := _differing(own, row):
            yield differs
        elif own.day != row.day:
            shifted = replace(_of_ours(Class.TIME_SHIFT, own), msgid=row.msgid, theirs_fen=row.amounts[0])
            yield replace(shifted, theirs_day=row.day)


def _twin(row: Row, elsewhere: Sequence[Row]) -> Row | None:
    """The same movement in our book: by its key, or of the same settlement with the same amounts."""
    alike = [own for own in elsewhere if own.movement == row.movement]
    by_key = next((own for own in alike if own.key == row.key), None)
    same = (own for own in alike if row.number and own.number == row.number and own.amounts == row.amounts)
    return by_key or next(same, None)


def _only_ours(row: Row, theirs_elsewhere: Mapping[Key, date]) -> Found:
    day = theirs_elsewhere.get((row.movement, row.key))
    if day is None:
        return _of_ours(Class.ONLY_OURS, row)
    return replace(_of_ours(Class.TIME_SHIFT, row), theirs_fen=row.amounts[0], theirs_day=day)


def _standing(rows: Iterable[Row]) -> list[Row]:
    """Without the pairs that cancel: settled and taken back, of one settlement, the same amounts."""
    standing = list(rows)
    for undone in [row for row in standing if row.movement is Movement.UNDONE and row.number]:
        for settled in standing:
            if settled.movement is Movement.SETTLED and _cancels(settled, undone):
                standing.remove(settled)
                standing.remove(undone)
                break
    return standing


def _cancels(settled: Row, undone: Row) -> bool:
    return settled.number == undone.number and tuple(-fen for fen in settled.amounts) == undone.amounts


def _numbered(rows: Iterable[Row]) -> Iterable[Row]:
    """A message that was carried out twice is told apart by its place."""
    seen: Counter[Key] = Counter()
    for row in rows:
        seen[row.movement, row.key] += 1
        again = seen[row.movement, row.key]
        yield row if again == 1 else replace(row, key=f"{row.key}#{again}")


def _of_ours(classed: Class, row: Row) -> Found:
    return Found(
        classed, row.movement, row.key, row.number, row.says, row.msgid, ours_fen=row.amounts[0], ours_day=row.day
    )


def _of_theirs(row: Row) -> Found:
    return Found(
        Class.ONLY_THEIRS,
        row.movement,
        row.key,
        row.number,
        row.says,
        row.msgid,
        theirs_fen=row.amounts[0],
        theirs_day=row.day,
    )


def _written(row: Row) -> str:
    return "+".join(str(fen) for fen in row.amounts)
