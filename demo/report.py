"""The figures of one run and what follows from them: the JSON of the contract, and the reasons for a status of 1.

Pure: everything is handed in.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from demo.crowd import Crowd
from demo.patient import End, Step
from demo.simulators import SUMS, Insurer

Json = dict[str, Any]
Texts = Mapping[str, str]

COMPARED_WITH_INSURER = ("settlements", "fund_fen", "account_fen")
COMPARED_WITH_PAYMENTS = ("paid", "cash_fen")


def report(crowd: Crowd, insurer: Insurer, per_minute: int, ours: Json, payments: Mapping[str, int]) -> Json:
    """Everything that is known after the crowd has gone."""
    return {
        "patients": crowd.size,
        "booked": crowd.reached(Step.BOOKED),
        "not_booked": crowd.ended(End.NOT_BOOKED),
        "filed": crowd.reached(Step.FILED),
        "rejected": crowd.ended(End.REJECTED),
        "told": crowd.reached(Step.TOLD),
        "priced": crowd.reached(Step.PRICED),
        "held_back": sum(patient.held_back for patient in crowd.patients),
        "completed": {mode: crowd.ended(End.COMPLETED, mode) for mode in ("insurance", "self_pay")},
        **{end.value: crowd.ended(end) for end in (End.REVERSED, End.REFUSED, End.MANUAL, End.UNKNOWN)},
        "lost_patients": crowd.ended(End.LOST),
        "seconds": round(crowd.seconds, 1),
        "interface": interface(insurer, per_minute),
        "books": books(ours, insurer.totals, payments),
        "errors": dict(crowd.errors.most_common()),
        "losses": dict(crowd.losses.most_common()),
    }


def apart(insurers: Mapping[str, Insurer], per_minute: int, ours: Mapping[str, Json]) -> Json:
    """Each insurer by itself, where there are several: its interface, and our books of it beside its own."""
    return {
        name: {"interface": interface(one, per_minute), "books": _books_of_one(ours[name], one.totals)}
        for name, one in insurers.items()
    }


def _books_of_one(ours: Json, insurer: Mapping[str, int] | None) -> Json:
    own = {name: int(ours.get(name, 0)) for name in SUMS}
    return {
        "ours": own,
        "insurer": dict(insurer) if insurer is not None else None,
        "equal": insurer is not None and not _at_the_insurer(own, insurer),
    }


def interface(insurer: Insurer, per_minute: int) -> Json:
    """The metered interface as the insurer saw it; `used` is the fullest 60 s as a share of n."""
    return {
        "per_minute": per_minute,
        "calls": insurer.arrivals,
        "worst_60s": insurer.worst_60s,
        "over_limit": insurer.over_limit,
        "used": round(insurer.worst_60s / per_minute, 2),
        "measured": insurer.shows_arrivals,
    }


def books(ours: Json, insurer: Mapping[str, int] | None, payments: Mapping[str, int]) -> Json:
    """Our ledger beside theirs. `equal` only if both the insurer's and the payment institution's agree with ours."""
    agree = insurer is not None and not differences(ours, insurer, payments)
    own = {name: int(ours.get(name, 0)) for name in SUMS}
    own_payments = {name: int(ours["payments"][name]) for name in COMPARED_WITH_PAYMENTS}
    return {
        "ours": {**own, "payments": own_payments},
        "insurer": dict(insurer) if insurer is not None else None,
        "payments": dict(payments),
        "equal": agree,
    }


def differences(ours: Json, insurer: Mapping[str, int] | None, payments: Mapping[str, int]) -> dict[str, int]:
    """By how much the others' ledgers exceed ours (negative: fall short), where they differ."""
    theirs = _at_the_insurer(ours, insurer) if insurer else {}
    paid = {f"payments {name}": payments[name] - int(ours["payments"][name]) for name in COMPARED_WITH_PAYMENTS}
    return theirs | {name: more for name, more in paid.items() if more}


def _at_the_insurer(ours: Json, insurer: Mapping[str, int]) -> dict[str, int]:
    more = {f"insurer {name}": insurer[name] - int(ours.get(name, 0)) for name in COMPARED_WITH_INSURER}
    return {name: fen for name, fen in more.items() if fen}


def reasons(figures: Json, texts: Texts) -> list[str]:
    """Why this run is not a success: one plain sentence each; none means status 0."""
    interface_, books_ = figures["interface"], figures["books"]
    found = []
    gap = differences(books_["ours"], books_["insurer"], books_["payments"])
    explained = bool(gap) and _is_the_unknown(gap, figures["unknown"])
    told = ", ".join(f"{name} {more:+d}" for name, more in gap.items())
    if figures["unknown"]:
        sentence = texts["unknown_in_the_books" if explained else "unknown"]
        found.append(sentence.format(count=figures["unknown"], gap=told))
    if figures["lost_patients"]:
        why = "; ".join(f"{count} x {reason}" for reason, count in figures["losses"].items())
        found.append(texts["lost"].format(count=figures["lost_patients"], why=why))
    if interface_["over_limit"] or interface_["worst_60s"] > interface_["per_minute"]:
        found.append(texts["over_limit"].format(**interface_))
    if not interface_["measured"]:
        found.append(texts["not_measured"])
    if books_["insurer"] is None:
        found.append(texts["no_ledger"])
    if gap and not explained:
        found.append(texts["books_differ"].format(gap=told))
    return [*found, *_reasons_of_each(figures, texts)]


def _reasons_of_each(figures: Json, texts: Texts) -> Iterator[str]:
    """What may be right of all together and is wrong of one: the books of two may differ by as much, to and fro."""
    for name, one in figures.get("insurers", {}).items():
        books_ = one["books"]
        gap = _at_the_insurer(books_["ours"], books_["insurer"]) if books_["insurer"] else {}
        if gap and not _is_the_unknown(gap, figures["unknown"]):
            told = ", ".join(f"{what} {more:+d}" for what, more in gap.items())
            yield texts["books_differ_of"].format(name=name, gap=told)


def _is_the_unknown(gap: Mapping[str, int], unknown: int) -> bool:
    """Whether the books differ only by settlements of which we do not know: the insurer holds at most so many more."""
    return 0 < gap.get("insurer settlements", 0) <= unknown and all(
        name.startswith("insurer ") and more > 0 for name, more in gap.items()
    )
