"""What is said to and heard from the insurer, in our words.

Money is integer fen; the insurer's ids keep the wire's names. What identifies a person is kept out of every repr.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from insurance.interface.errors import Refused

_PAYING_INSURANCES = ("310", "390")  # employees 职工, residents 城乡居民
_IN_FORCE = "1"


@dataclass(frozen=True, slots=True)
class Card:
    """The credential (H t7): `type` is 01 electronic credential, 02 identity card, 03 social-security card."""

    type: str
    number: str = field(repr=False)
    sn: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Insurance:
    """One row of 1101's insuinfo (H t9); `status` is psn_insu_stas: 0 none, 1 normal, 2 paused, 3 invalid, 4 ended."""

    insutype: str
    insuplc_admdvs: str
    balance_fen: int
    psn_type: str
    status: str


@dataclass(frozen=True, slots=True)
class Person:
    """1101's answer: who holds the card and every insurance he has."""

    psn_no: str = field(repr=False)
    name: str = field(repr=False)
    certno: str = field(repr=False)
    rows: tuple[Insurance, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What a trial opened at the insurer, where trials do (6201): its number there, the token that speaks for it, and
    our message that opened it."""

    number: str
    token: str = field(repr=False)
    msgid: str


@dataclass(frozen=True, slots=True)
class Insured:
    """What is carried through one visit; `certno` and `name` are sent only where Profile.person_fields says so.

    `orders` are those that the visit's trials have opened, the newest last, where they do.
    """

    psn_no: str = field(repr=False)
    insutype: str
    insuplc_admdvs: str
    psn_type: str
    certno: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    orders: tuple[Order, ...] = ()


def choose_insurance(person: Person) -> Insured:
    """The insurance that pays: employees' (310) before residents' (390), in force (protocol 3.1).

    Raises Refused with code "not_insured" when there is none.
    """
    for insutype in _PAYING_INSURANCES:
        for row in person.rows:
            if row.insutype == insutype and row.status == _IN_FORCE:
                return Insured(person.psn_no, insutype, row.insuplc_admdvs, row.psn_type, person.certno, person.name)
    raise Refused("没有正常参保的职工或居民医保", code="not_insured")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One row of 2203's diseinfo (H t77): `type` 1 western, 2 TCM disease, 3 TCM syndrome.

    Without a `srt_no` it is numbered by its place in the list.
    """

    code: str
    name: str
    type: str = "1"
    srt_no: str = ""
    vali_flag: str = "1"


@dataclass(frozen=True, slots=True)
class Visit:
    """One out-patient visit; `ipt_otp_no` is unique in the whole hospital (H t72), `begin_at` is aware."""

    ipt_otp_no: str
    begin_at: datetime
    med_type: str
    dept_code: str
    dept_name: str
    caty: str
    doctor_code: str
    doctor_name: str = field(repr=False)
    complaint: str = field(repr=False)
    diagnoses: tuple[Diagnosis, ...] = field(repr=False)
    dise_codg: str = field(default="", repr=False)
    dise_name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of 2204 (H t79): `unit_price` in yuan with up to six places, `feedetl_sn` unique within the visit.

    `name` is what the hospital calls it; the national 2204 has no place for it.
    """

    feedetl_sn: str
    med_list_codg: str
    medins_list_codg: str
    quantity: Decimal
    unit_price: Decimal
    amount_fen: int
    occurred_at: datetime
    rxno: str = ""
    rx_circ_flag: str = "0"
    hosp_appr_flag: str = "1"
    name: str = ""


@dataclass(frozen=True, slots=True)
class PolicySplit:
    """The total by policy (protocol 3.7): 全自费, 超限价, 先行自付, 符合政策范围, in this order."""

    fulamt_ownpay_fen: int
    overlmt_selfpay_fen: int
    preselfpay_fen: int
    inscp_scp_fen: int


@dataclass(frozen=True, slots=True)
class LineSplit:
    """2204's answer for one line (H t80); 2204 calls the over-limit part overlmt_amt."""

    feedetl_sn: str
    amount_fen: int
    split: PolicySplit
    chrgitm_lv: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """The answer of 2206, 2207, 2208 and 5203 (protocol 3.7-3.9, 3.13); amounts of a cancellation are negative.

    `medins_setl_id` is the msgid of the request it answers. `setl_id` is "" and `settled_at` None in a trial. `split`
    is None where the interface does not tell it. `reversal` is the insurer's leave to take it back because our own side
    has failed, where there is such a thing and it is still good.
    """

    mdtrt_id: str
    psn_no: str = field(repr=False)
    insutype: str
    medins_setl_id: str
    total_fen: int
    fund_fen: int
    person_fen: int
    account_fen: int
    shared_account_fen: int
    cash_fen: int
    hospital_fen: int
    split: PolicySplit | None
    fund_parts: tuple[tuple[str, int], ...]
    clr_type: str
    clr_optins: str
    setl_id: str = ""
    settled_at: datetime | None = None
    refunded: bool = False
    reversal: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A trial's answer where it opens an order: the bill may come along, or is asked for by the order."""

    order: Order
    bill: Bill | None


@dataclass(frozen=True, slots=True)
class SelfPayReport:
    """What a patient paid himself, reported by 4261 (protocol 3.16); `up_type` 0 full, 1 update.

    `payment_no` is the cashier's own number; `mdtrt_id` and `setl_id` only when the rest was settled with the insurer.
    """

    ipt_otp_no: str
    payment_no: str
    total_fen: int
    cash_fen: int
    paid_at: datetime
    mdtrt_id: str = ""
    setl_id: str = ""
    up_type: str = "0"
    certno: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
