"""Keep what was found: a difference found again ages, one that is gone closes itself."""

from collections.abc import Collection
from datetime import date

from django.db.models import F
from django.db.models.functions import Now

from hospital import worklist
from insurance.reconciliation.compare import Found, Key
from insurance.reconciliation.models import DayBook, Difference
from insurance.reconciliation.ours import numbered
from insurance.reconciliation.rules import SIDE, Class, Movement, Remedy, Side
from insurance.settlement.models import Settlement
from insurance.states import DayBookState, DifferenceState

GONE, REMEDY = "gone", "its remedy"
"""How a difference ends by itself (`Difference.resolved_by`)."""

_HELPS_AT_ONCE = (Remedy.REVERSE, Remedy.TAKE_BACK, Remedy.LEARN)
"""If such a remedy did not help, a person must look."""

_Identity = tuple[str, str, str]


def keep(book: DayBook, found: Collection[Found], sides: Collection[Side]) -> None:
    """Write down what was found on the day by comparing with these sides, in the caller's transaction."""
    known = {_identity(row): row for row in book.differences.all()}
    owners = _owners(found)
    there: dict[_Identity, Found] = {(each.classed, each.movement, each.key): each for each in found}
    for identity, each in there.items():
        row = known.get(identity)
        if row is None:
            row = worklist.enter(_new(book, each, owners.get(each.number)))
        else:
            _found_again(row, each)
        if each.classed is Class.TIME_SHIFT and _is_shown(row):
            _shown(row)
    for identity, row in known.items():
        if identity not in there and SIDE[Movement(row.movement)] in sides:
            _gone(row)


def resolve(row: Difference, *, by: str, evidence: str, **fields: object) -> Difference:
    """It is one no more. Raises `Overtaken`."""
    told = f"{row.evidence}\n{evidence}".strip()
    return worklist.move(row, DifferenceState.RESOLVED, reason=evidence, evidence=told, resolved_by=by, **fields)


def seen_elsewhere(book: DayBook) -> dict[Key, date]:
    """On which other day the others' books were seen to show a movement that stands in ours on this one."""
    shifts = Difference.objects.filter(ours_day=book.day).exclude(theirs_day=None).exclude(theirs_day=book.day)
    return {(Movement(row.movement), row.key): row.theirs_day for row in shifts if row.theirs_day}


def _new(book: DayBook, found: Found, settlement_id: int | None) -> Difference:
    return Difference(
        book=book,
        classed=found.classed,
        movement=found.movement,
        key=found.key,
        msgid=found.msgid,
        settlement_id=settlement_id,
        says=found.says,
        ours_fen=found.ours_fen,
        theirs_fen=found.theirs_fen,
        ours_day=found.ours_day,
        theirs_day=found.theirs_day,
        remedy=found.remedy,
        evidence=found.told,
    )


def _found_again(row: Difference, found: Found) -> None:
    """It is there again. What staff or a remedy has explained stays so, while it says the same."""
    as_before = (row.ours_fen, row.theirs_fen, row.says) == (found.ours_fen, found.theirs_fen, found.says)
    Difference.objects.filter(pk=row.pk).update(last_seen=Now())
    explained = row.state == DifferenceState.RESOLVED and row.resolved_by != GONE
    if as_before and (explained or row.state == DifferenceState.OPEN):
        return
    remedy = Remedy.STAFF if as_before and row.remedy in _HELPS_AT_ONCE else found.remedy
    fields = {"ours_fen": found.ours_fen, "theirs_fen": found.theirs_fen, "says": found.says, "remedy": remedy}
    if row.state == DifferenceState.OPEN:
        Difference.objects.filter(pk=row.pk).update(**fields)
    else:
        worklist.move(row, DifferenceState.OPEN, reason="found again", resolved_by="", **fields)


def _gone(row: Difference) -> None:
    if row.is_open:
        resolve(row, by=GONE, evidence="no longer found")


def _is_shown(row: Difference) -> bool:
    """Whether their own book of that day has shown it, and not only an answer that we have got."""
    alike = Difference.objects.filter(classed=Class.TIME_SHIFT, movement=row.movement, key=row.key)
    return alike.filter(book__day=F("theirs_day")).exists()


def _shown(row: Difference) -> None:
    """A shift in time is seen on both days: it is none any more. Where it still looks one-sided is looked at anew."""
    alike = Difference.objects.filter(movement=row.movement, key=row.key).exclude(book__state=DayBookState.CLOSED)
    for shift in alike.filter(classed=Class.TIME_SHIFT).exclude(state=DifferenceState.RESOLVED):
        resolve(shift, by=REMEDY, evidence=f"ours of {row.ours_day}, theirs of {row.theirs_day}")
    one_sided = alike.filter(classed=Class.ONLY_OURS).exclude(state=DifferenceState.RESOLVED)
    DayBook.objects.filter(differences__in=one_sided, state=DayBookState.RECONCILED).update(due_at=Now())


def _identity(row: Difference) -> _Identity:
    return row.classed, row.movement, row.key


def _owners(found: Collection[Found]) -> dict[str, int]:
    """Which of these numbers are settlements of ours."""
    numbers = {each.number: numbered(each.number) for each in found if each.number[1:].isdigit()}
    ours = set(Settlement.objects.filter(pk__in=numbers.values()).values_list("pk", flat=True))
    return {number: pk for number, pk in numbers.items() if pk in ours}
