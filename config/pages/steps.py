"""What a story is made of: seven steps, what is said at each, the bill, and what the patient may do."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _


class Key(StrEnum):
    """The steps in their order."""

    BOOKED = "booked"
    FILED = "filed"
    TOLD = "told"
    LINE = "line"
    BILL = "bill"
    PAY = "pay"
    COMPLETE = "complete"


class Status(StrEnum):
    DONE = "done"
    NOW = "now"
    LATER = "later"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Act:
    """What the patient may do: a form that is posted, or a link (`away`: to the payment institution)."""

    label: str
    where: str
    post: bool = False
    way: str = ""
    primary: bool = True
    away: bool = False
    asks: str = ""
    """What is to be typed in beside it."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One row of the bill, in fen."""

    label: str
    fen: int
    total: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """An expected wait in `words`, counted down on the patient's device: the server need not be asked for that."""

    words: str
    low_seconds: int
    high_seconds: int
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is shown. `until`: something here ends then. `charges`: what the bill is made of. That a `wait`
    grows shorter is nothing else to show."""

    key: Key
    title: str
    status: Status = Status.LATER
    says: tuple[str, ...] = ()
    amounts: tuple[Amount, ...] = ()
    until: datetime | None = None
    acts: tuple[Act, ...] = ()
    charges: tuple[Amount, ...] = ()
    wait: Wait | None = field(default=None, repr=False)

    @property
    def version(self) -> str:
        """Another one, whenever something else is shown."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def seconds_left(self) -> int:
        """Until what ends here; counted down on the patient's device without its clock."""
        return max(int((self.until - timezone.now()).total_seconds()), 0) if self.until else 0

    @property
    def status_word(self) -> str:
        return {
            Status.DONE: _("Done"),
            Status.NOW: _("Now"),
            Status.LATER: _("Later"),
            Status.STOPPED: _("Stopped"),
        }[self.status]


@dataclass(frozen=True, slots=True)
class Story:
    """All steps. `poll_after_seconds` None: nothing will change by itself any more."""

    appointment: int
    cancelled: bool
    steps: tuple[Step, ...]
    poll_after_seconds: int | None = None

    @property
    def now(self) -> Step:
        """The step that the patient is at."""
        at = [step for step in self.steps if step.status in (Status.NOW, Status.STOPPED)]
        return at[-1] if at else self.steps[-1]

    @property
    def version(self) -> str:
        """Another one, whenever something else is shown; when to look again is not."""
        return hashlib.sha256(repr((self.appointment, self.cancelled, self.steps)).encode()).hexdigest()[:32]
