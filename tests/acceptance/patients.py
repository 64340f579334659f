"""Patients who read their story and do the next thing, over the API, until they have reached an end."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
Call = Callable[[str, str, Json | None], Json]
"""(method, path below /api/v1/, body) → the answer, also when it is a refusal."""

ENDS = frozenset({"completed", "refused", "reversed", "manual"})


@dataclass
class Visitor:
    """One patient of the hospital's web site."""

    call: Call
    id_number: str
    mode: str
    appointment: int = 0
    end: str = ""
    clicks: set[str] = field(default_factory=set)

    def book(self, session_id: int) -> None:
        card = {"type": "02", "number": self.id_number}
        answer = self.call("POST", "appointments/", {"session": session_id, "insurance_card": card})
        assert answer["state"] == "booked", answer
        self.appointment = answer["id"]

    def go_on(self) -> None:
        """Look how far it is, and do what there is to do."""
        story = self.call("GET", f"appointments/{self.appointment}/", None)
        trial = story["trials"][-1] if story["trials"] else {"state": "none"}
        if story["settlements"]:
            self._settling(story["settlements"][-1])
        elif trial["state"] == "priced":
            self.call("POST", f"trials/{trial['id']}/settlements/", {"mode": self.mode})
        elif trial["state"] in ("none", "expired") and story["archive"]["told"]:
            self.call("POST", f"appointments/{self.appointment}/trials/", {})

    def _settling(self, settlement: Json) -> None:
        if settlement["state"] in ENDS:
            self.end = settlement["state"]
        url = settlement.get("payment", {}).get("url")
        if url and url not in self.clicks and httpx.post(url, trust_env=False).is_success:
            self.clicks.add(url)


def until_all_have_ended(
    visitors: Sequence[Visitor], *, seconds: float, meanwhile: Callable[[], object] = lambda: time.sleep(0.4)
) -> Counter[str]:
    """Round after round until everybody has an end; how many came to which."""
    deadline = time.monotonic() + seconds
    while waiting := [visitor for visitor in visitors if not visitor.end]:
        assert time.monotonic() < deadline, f"{len(waiting)} of {len(visitors)} have not ended: {_stories(waiting[:3])}"
        for visitor in waiting:
            visitor.go_on()
        meanwhile()
    return Counter(visitor.end for visitor in visitors)


def _stories(visitors: Sequence[Visitor]) -> list[Json]:
    return [visitor.call("GET", f"appointments/{visitor.appointment}/", None) for visitor in visitors]
