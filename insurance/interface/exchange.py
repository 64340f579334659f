"""The seams: bytes out (Request), bytes in (Reply), one operation of a dialect (Exchange), and a whole Dialect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from insurance.interface import messages, questions, statements
from insurance.interface.profile import Operation, Profile

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Asks = TypeVar("Asks", contravariant=True)
Tells = TypeVar("Tells", covariant=True)

FILE_TYPES = ("application/octet-stream", "application/zip")  # H annex A has the first


def header(headers: Mapping[str, str], name: str) -> str | None:
    """The value under that name; the wire does not tell upper from lower case."""
    return next((value for key, value in headers.items() if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside the envelope. The two travel as parts of one multipart form, under these names.

    Without names the file travels alone, and the envelope only says in the journal what it was.
    """

    filename: str
    content: bytes = field(repr=False)
    part: str = ""
    envelope_part: str = ""

    @property
    def alone(self) -> bool:
        """Whether nothing travels but the file."""
        return not self.part


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out: `path` is below the base URL; headers may hold keys and the body a person, so neither is shown.

    `body` is the envelope, and all of it that is written down; `answer_bytes` is the longest answer that is taken
    (None: the transport's own limit). `method` is GET where only that brings a file as it is (FHIR Binary).
    """

    infno: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    attachment: Attachment | None = None
    answer_bytes: int | None = None
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, as it came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_file(self) -> bool:
        """Whether it brings a file, and not a text; a gateway may give a JSON refusal the type of a file."""
        kind = (header(self.headers, "content-type") or "").partition(";")[0].strip().lower()
        first = self.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        return kind in FILE_TYPES and first not in (b"", b"{")

    @property
    def kept(self) -> bytes:
        """What a journal keeps of it: the text as it came, of a file its length only."""
        return b"[a file of %d bytes]" % len(self.body) if self.is_file else self.body


@dataclass(frozen=True, slots=True)
class Exchange(Generic[Asks, Tells]):
    """One operation, pure: encode(profile, msgid, now, question) and decode(question, reply).

    `decode` raises NotSent, Throttled, Refused or OutcomeUnknown whenever the reply is not a readable success. `encode`
    raises NotWritable for what this wire cannot say; whatever else it fails with of its own, the client takes for that.
    """

    operation: Operation
    encode: Callable[[Profile, str, datetime, Asks], Request]
    decode: Callable[[Asks, Reply], Tells]


@dataclass(frozen=True, slots=True)
class OrderNews:
    """What a callback says: of which order, and its `state` in the insurer's words. `is_worth_asking`: something may
    have been decided."""

    number: str
    state: str
    is_worth_asking: bool


def not_shown(infno: str, text: str) -> str:
    """Nothing of a message is shown."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Every operation of one way to speak to an insurer; None for what its interface does not have (docs/dialects.md).

    `defaults` are fields of a `Profile` that are as usual in this dialect. Raises ValueError for one that leaves a
    settlement whose answer was lost without a way out: it must be found, and taken back.
    """

    person: Exchange[questions.PersonQuestion, messages.Person]
    register: Exchange[questions.Registration, str]
    trial: Exchange[questions.Pricing, messages.Bill | messages.Opened]
    settle: Exchange[questions.Settling, messages.Bill]
    cancel: Exchange[questions.SettlementKey, messages.Bill | None]
    query: Exchange[questions.SettlementKey, messages.Bill]
    day_totals: Exchange[statements.DayTotals, statements.DayTotalsAnswer]
    upload_charges: Exchange[questions.ChargeUpload, tuple[messages.LineSplit, ...]] | None = None
    """Without it the lines go along with the trial."""
    order_bill: Exchange[questions.SettlementKey, messages.Bill] | None = None
    """The bill of an order that a trial has opened; without it trials open none."""
    order_news: Callable[[bytes], OrderNews] | None = None
    """Reads the insurer's callback about an order, which is never believed. Raises ValueError."""
    settled_ids: Exchange[questions.VisitKey, tuple[str, ...]] | None = None
    """What stands at a visit, whoever asked for it."""
    by_message: Exchange[questions.MessageKey, messages.Bill] | None = None
    """What one message of ours made; Refused, "no_such_settlement", when it made nothing."""
    reverse: Exchange[questions.Reversal, None] | None = None
    """Without it a message is undone by `by_message` and `cancel` (`looking`)."""
    cancel_registration: Exchange[questions.RegistrationKey, None] | None = None
    find_visits: Exchange[questions.VisitSearch, tuple[tuple[str, str], ...]] | None = None
    """Without it a visit bears our own number, and registering it again is safe."""
    upload_visit: Exchange[questions.VisitUpload, None] | None = None
    """Without it everything goes along with the registration."""
    withdraw_charges: Exchange[questions.ChargeBatch, None] | None = None
    """Without it an upload takes the place of the one before."""
    report_self_pay: Exchange[messages.SelfPayReport, None] | None = None
    """Without it the network is not told what patients pay themselves."""
    day_details: Exchange[statements.DayDetails, statements.ResultFile] | None = None
    """Without it, and the files, settlements are asked about one by one."""
    upload: Exchange[questions.FileUpload, str] | None = None
    download: Exchange[questions.FileKey, bytes] | None = None
    sign_in: Exchange[None, str] | None = None
    sign_out: Exchange[None, None] | None = None
    signs_in: bool = False
    """Every message names the day's sign-in, which is made before the first."""
    one_total: bool = False
    """A day has one total, and not one for each insurance, clearing type and office."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    masked: Callable[[str, str], str] = not_shown
    """What staff may see of a message (`masking`): of (infno, its text), "" where it cannot be read; raises nothing."""

    def __post_init__(self) -> None:
        if self.by_message is None and (self.settled_ids is None or self.reverse is None):
            raise ValueError("a dialect needs by_message, or settled_ids and reverse")
        if self.signs_in and self.sign_in is None:
            raise ValueError("a dialect that signs in needs sign_in")

    @property
    def opens_orders(self) -> bool:
        """Whether a trial opens an order, and what follows is about it."""
        return self.order_bill is not None
