"""One simulated patient: what a person with a telephone would do, step by step."""

import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from demo.hospital_api import HospitalApi, Json, Problem

POLL_SECONDS = 2.0
"""How often a patient looks where the hospital does not say when to come back."""


class Step(StrEnum):
    """How far a patient has come, in order."""

    ARRIVED = "arrived"
    BOOKED = "booked"
    FILED = "filed"
    TOLD = "told"
    WAITING = "waiting"
    PRICED = "priced"
    SETTLING = "settling"
    INSURED = "insured"
    PAID = "paid"
    ENDED = "ended"


ORDER = list(Step)


class End(StrEnum):
    """How a patient's story ended. UNKNOWN and LOST are no ends: somebody has to look."""

    COMPLETED = "completed"
    NOT_BOOKED = "not_booked"
    REJECTED = "rejected"
    REFUSED = "refused"
    REVERSED = "reversed"
    MANUAL = "manual"
    UNKNOWN = "unknown"
    LOST = "lost"


TRIAL_ENDS = {"refused": End.REFUSED, "frozen": End.MANUAL}
SETTLED_STEPS = {
    "insured": Step.INSURED,
    "paying": Step.INSURED,
    "claiming": Step.PAID,
    "paid": Step.PAID,
    "confirming": Step.PAID,
}
SETTLED_ENDS = {
    "completed": End.COMPLETED,
    "refused": End.REFUSED,
    "reversed": End.REVERSED,
    "manual": End.MANUAL,
}

Pause = Callable[[float], Awaitable[None]]


@dataclass
class Patient:
    """The state of one patient, for the screen and the report."""

    api: HospitalApi
    mode: str
    """`insurance` or `self_pay`."""
    pause: Pause
    payer: httpx.AsyncClient
    """Opens the payment page: the click of the person who pays."""
    region: str | None = None
    """Where the patient is insured; None: where the hospital is, which need not be said."""
    step: Step = Step.ARRIVED
    end: End | None = None
    state: str = ""
    """The last state the hospital named: for whoever has to look for a lost patient."""
    ahead: int = 0
    eta_seconds: float = 0.0
    held_back: bool = False
    appointment: str = ""
    moved_at: float = field(default_factory=time.monotonic)

    async def live(self, sessions: list[str], first: int) -> None:
        """The whole story. `first` says which of the sessions this patient would like."""
        if not await self._book(sessions, first):
            return self._finish(End.NOT_BOOKED)
        await self._wait_until_told()
        while self.end is None:
            trial = await self._priced_trial()
            if trial:
                await self._settle(trial)
        return None

    def has_reached(self, step: Step) -> bool:
        """Whether the patient has come at least this far."""
        return ORDER.index(self.step) >= ORDER.index(step)

    # --- booking ------------------------------------------------------------------------------------------------------

    async def _book(self, sessions: list[str], first: int) -> bool:
        """Try the sessions one after the other until one has a seat."""
        insured = {"region": self.region} if self.region else {}
        card = {"type": "02", "number": self.api.person.id_number, **insured}
        for offset in range(len(sessions)):
            session = sessions[(first + offset) % len(sessions)]
            try:
                wanted = {"session": session, "insurance_card": card}
                answer = await self.api.post("appointments/", wanted, key=str(uuid.uuid4()))
            except Problem as problem:
                if problem.code != "session_full":
                    raise
            else:
                self.appointment = str(answer["id"])
                self._move(Step.BOOKED, "booked")
                return True
        return False

    async def _wait_until_told(self) -> None:
        """Look into the inbox until it says how the filing went."""
        while self.end is None and not self.has_reached(Step.TOLD):
            inbox = await self.api.get("notices/?after=0")
            kinds = {notice["kind"] for notice in inbox["results"] if str(notice["appointment"]) == self.appointment}
            if "rejected" in kinds:
                self._finish(End.REJECTED)
            elif "filed" in kinds:
                self._move(Step.TOLD, "told")
            else:
                await self.pause(POLL_SECONDS)

    # --- the line and the trial ---------------------------------------------------------------------------------------

    async def _priced_trial(self) -> str | None:
        """Stand in the line until there is a price; None if the story ends here. What has run out is asked again."""
        while self.end is None:
            trial = await self._join_line()
            self.held_back = self.held_back or bool(trial.get("held_back"))
            while trial["state"] in ("waiting", "calling"):
                self._stand(trial)
                await self.pause(float(trial.get("poll_after_seconds") or POLL_SECONDS))
                trial = await self.api.get(f"trials/{trial['id']}/")
            self.ahead, self.eta_seconds = 0, 0.0
            if trial["state"] == "priced":
                self._move(Step.PRICED, "priced")
                return str(trial["id"])
            if trial["state"] in TRIAL_ENDS:
                self._finish(TRIAL_ENDS[trial["state"]])
        return None

    async def _join_line(self) -> Json:
        """Ask for a trial; where the line is full, come back when the hospital says."""
        while True:
            try:
                return await self.api.post(f"appointments/{self.appointment}/trials/", {})
            except Problem as problem:
                if problem.code not in ("line_full", "not_told_yet"):
                    raise
                self.held_back = self.held_back or problem.code == "line_full"
                await self.pause(problem.retry_after_seconds or POLL_SECONDS)

    def _stand(self, trial: Json) -> None:
        self._move(Step.WAITING, str(trial["state"]))
        ahead = int(trial.get("ahead") or 0)
        if ahead != self.ahead:
            self.ahead, self.moved_at = ahead, time.monotonic()
        self.eta_seconds = float(trial.get("eta_seconds") or 0)

    # --- settlement ---------------------------------------------------------------------------------------------------

    async def _settle(self, trial: str) -> None:
        """Settle, pay, and watch until the end. A price that ran out meanwhile sends the patient back to the line."""
        try:
            settlement = await self.api.post(f"trials/{trial}/settlements/", {"mode": self.mode}, key=str(uuid.uuid4()))
        except Problem as problem:
            if problem.code != "trial_expired":
                raise
            return
        self._move(Step.SETTLING, str(settlement["state"]))
        paid = False
        while not self._note(settlement):
            if settlement["state"] == "paying" and not paid:
                paid = await self._pay(settlement)
            await self.pause(float(settlement.get("poll_after_seconds") or POLL_SECONDS))
            settlement = await self.api.get(f"settlements/{settlement['id']}/")

    def _note(self, settlement: Json) -> bool:
        """Take over what the hospital says of the settlement; True when it is over."""
        state = str(settlement["state"])
        self._move(SETTLED_STEPS.get(state, Step.SETTLING), state)
        if state in SETTLED_ENDS:
            self._finish(SETTLED_ENDS[state])
        return self.end is not None

    async def _pay(self, settlement: Json) -> bool:
        """Click on "pay"; False if the institution did not take it, and the patient tries again."""
        url = (settlement.get("payment") or {}).get("url")
        if not url:
            return False
        try:
            response = await self.payer.post(url)
        except httpx.TransportError as error:
            self.api.errors[f"POST payment page: {type(error).__name__}"] += 1
            return False
        if response.is_error:
            self.api.errors[f"POST payment page: {response.status_code}"] += 1
        return not response.is_error

    # --- where the patient stands -------------------------------------------------------------------------------------

    def _move(self, step: Step, state: str) -> None:
        if state != self.state:
            self.state, self.moved_at = state, time.monotonic()
        if ORDER.index(step) > ORDER.index(self.step):
            self.step = step

    def _finish(self, end: End) -> None:
        self.end = end
        self.moved_at = time.monotonic()
        if end is End.COMPLETED:
            self.step = Step.ENDED
