"""What each operation asks, as one value: the client builds it, a dialect encodes it and checks the answer by it."""

from dataclasses import dataclass, field
from datetime import datetime

from insurance.interface.messages import Card, FeeLine, Insured, PolicySplit, Visit


@dataclass(frozen=True, slots=True)
class PersonQuestion:
    """1101. The region is empty when it is not yet known."""

    card: Card
    insuplc_admdvs: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """2201."""

    insured: Insured
    card: Card
    visit: Visit


@dataclass(frozen=True, slots=True)
class RegistrationKey:
    """2202."""

    insured: Insured
    mdtrt_id: str
    ipt_otp_no: str


@dataclass(frozen=True, slots=True)
class VisitKey:
    """5204."""

    insured: Insured
    mdtrt_id: str


@dataclass(frozen=True, slots=True)
class VisitUpload:
    """2203 / 2203A."""

    insured: Insured
    mdtrt_id: str
    visit: Visit


@dataclass(frozen=True, slots=True)
class VisitSearch:
    """5201."""

    insured: Insured
    begin_at: datetime
    end_at: datetime
    med_type: str


@dataclass(frozen=True, slots=True)
class ChargeBatch:
    """2205."""

    insured: Insured
    mdtrt_id: str
    chrg_bchno: str


@dataclass(frozen=True, slots=True)
class ChargeUpload:
    """2204."""

    insured: Insured
    mdtrt_id: str
    chrg_bchno: str
    visit: Visit = field(repr=False)
    lines: tuple[FeeLine, ...]


@dataclass(frozen=True, slots=True)
class Pricing:
    """2206 / 2206A. `visit` and `lines` are for where they go along with the trial, and were not sent before (6201).
    `msgid` names the message."""

    insured: Insured
    card: Card
    mdtrt_id: str
    chrg_bchno: str
    total_fen: int
    med_type: str
    use_account: bool
    visit: Visit | None = field(default=None, repr=False)
    lines: tuple[FeeLine, ...] = ()
    msgid: str = ""


@dataclass(frozen=True, slots=True)
class Settling:
    """2207 / 2207A: the trial's question again, with the split that the trial answered. `msgid` names the message."""

    pricing: Pricing
    invono: str
    split: PolicySplit | None
    msgid: str = ""


@dataclass(frozen=True, slots=True)
class SettlementKey:
    """2208 and 5203; an order's number stands for the settlement that it became. `reversal`: the bill's, in 2208."""

    insured: Insured
    mdtrt_id: str
    setl_id: str
    reversal: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MessageKey:
    """A settlement by the message of ours that asked for it, and the receipt that it named."""

    insured: Insured
    mdtrt_id: str
    invono: str
    omsgid: str


@dataclass(frozen=True, slots=True)
class Reversal:
    """2601: the original is named by our own msgid and its infno."""

    insured: Insured
    omsgid: str
    oinfno: str


@dataclass(frozen=True, slots=True)
class FileUpload:
    """9101."""

    filename: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileKey:
    """9102."""

    file_qury_no: str
    filename: str
