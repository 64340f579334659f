"""The insurer, operation by operation. Every call goes through `calling.Caller`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from insurance.interface import questions
from insurance.interface.calling import Caller, Journal
from insurance.interface.exchange import Answer, Dialect, Exchange, Question
from insurance.interface.messages import (
    Bill,
    Card,
    FeeLine,
    Insured,
    LineSplit,
    Order,
    Person,
    PolicySplit,
    SelfPayReport,
    Visit,
)
from insurance.interface.profile import Profile
from insurance.interface.statements import DayDetails, DayTotals, DayTotalsAnswer, ResultFile
from insurance.interface.transport import Transport

ALL_BATCHES = "0000"  # 2205: every unsettled detail of the visit (H t81)


class InsuranceClient:
    """Operations of the insurer. Each raises NotSent, Throttled, Refused or OutcomeUnknown, or NotWritable before
    anything was said; none is ever sent twice."""

    def __init__(
        self,
        profile: Profile,
        dialect: Dialect,
        transport: Transport,
        journal: Journal,
        clock: Callable[[], datetime],
        about: str = "",
    ) -> None:
        """`about`: the name of whoever is spoken of, which no error of ours may keep."""
        self._dialect = dialect
        self._caller = Caller(profile, transport, journal, clock, about)
        self._call = self._caller.call

    @property
    def dialect(self) -> Dialect:
        """What can be said here; what the interface does not have is None, and the calls below say what that means."""
        return self._dialect

    @property
    def profile(self) -> Profile:
        """Who speaks here, and the habits of the centre."""
        return self._caller.profile

    def sign_in(self) -> str:
        """9001: the sign_no of the operator's day, to be put into the Profile."""
        return self._call(_there(self._dialect.sign_in), None)

    def sign_out(self) -> None:
        """9002: end the Profile's sign_no."""
        self._call(_there(self._dialect.sign_out), None)

    def person(self, card: Card, insuplc_admdvs: str = "") -> Person:
        """1101: who holds the card and how he is insured. May be repeated."""
        return self._call(self._dialect.person, questions.PersonQuestion(card, insuplc_admdvs))

    def register(self, insured: Insured, card: Card, visit: Visit) -> str:
        """2201: open the visit; its mdtrt_id. After OutcomeUnknown look for it with `find_visits`."""
        return self._call(self._dialect.register, questions.Registration(insured, card, visit))

    def cancel_registration(self, insured: Insured, mdtrt_id: str, ipt_otp_no: str) -> None:
        """2202: take a visit back that has no settlement. A repeat is Refused, "no_such_visit"."""
        question = questions.RegistrationKey(insured, mdtrt_id, ipt_otp_no)
        self._call(_there(self._dialect.cancel_registration), question)

    def upload_visit(self, insured: Insured, mdtrt_id: str, visit: Visit) -> None:
        """2203A: diagnoses and complaint. Overwrites, so it may be repeated. Nothing where `register` said it all."""
        if self._dialect.upload_visit is not None:
            self._call(self._dialect.upload_visit, questions.VisitUpload(insured, mdtrt_id, visit))

    def withdraw_charges(self, insured: Insured, mdtrt_id: str, chrg_bchno: str = ALL_BATCHES) -> None:
        """2205: withdraw unsettled details; sent before 2204, it makes 2204 repeatable (protocol 3.6). Where a trial
        opens an order, the last one is given up (6401). Nothing where an upload takes the place of the one before."""
        if self._dialect.withdraw_charges is not None:
            self._call(self._dialect.withdraw_charges, questions.ChargeBatch(insured, mdtrt_id, chrg_bchno))

    def upload_charges(
        self, insured: Insured, mdtrt_id: str, chrg_bchno: str, visit: Visit, lines: tuple[FeeLine, ...]
    ) -> tuple[LineSplit, ...]:
        """2204: one whole charge batch; how each line is split by policy. Nothing where the lines go along with the
        trial."""
        if self._dialect.upload_charges is None:
            return ()
        question = questions.ChargeUpload(insured, mdtrt_id, chrg_bchno, visit, lines)
        return self._call(self._dialect.upload_charges, question)

    def trial(
        self,
        insured: Insured,
        card: Card,
        mdtrt_id: str,
        chrg_bchno: str,
        total_fen: int,
        med_type: str,
        use_account: bool = True,
        *,
        visit: Visit | None = None,
        lines: tuple[FeeLine, ...] = (),
        keep: Callable[[Order], None] | None = None,
    ) -> Bill:
        """2206A: what a settlement would pay. Binds nobody and may be repeated.

        Where a trial opens an order (6201), `visit` and `lines` go along, and `keep` is given the order before anything
        else is said of it; a bill that did not come along is asked for (6301).
        """
        about = (insured, card, mdtrt_id, chrg_bchno, total_fen, med_type, use_account)
        msgid = self._caller.new_msgid()
        said = self._call(self._dialect.trial, questions.Pricing(*about, visit, lines, msgid), msgid)
        if isinstance(said, Bill):
            return said
        if keep is not None:
            keep(said.order)
        return said.bill or self._order_bill(insured, mdtrt_id, said.order)

    def _order_bill(self, insured: Insured, mdtrt_id: str, order: Order) -> Bill:
        insured = replace(insured, orders=(*insured.orders, order))
        return self._call(_there(self._dialect.order_bill), questions.SettlementKey(insured, mdtrt_id, order.number))

    def settle(
        self,
        insured: Insured,
        card: Card,
        mdtrt_id: str,
        chrg_bchno: str,
        total_fen: int,
        med_type: str,
        use_account: bool = True,
        *,
        invono: str,
        split: PolicySplit | None,
        msgid: str | None = None,
    ) -> Bill:
        """2207A: settle as tried, with the trial's split. Never repeat it after OutcomeUnknown.

        `msgid` is one stored beforehand: it is the only key of a reversal.
        """
        pricing = questions.Pricing(insured, card, mdtrt_id, chrg_bchno, total_fen, med_type, use_account)
        msgid = msgid or self._caller.new_msgid()
        return self._call(self._dialect.settle, questions.Settling(pricing, invono, split, msgid), msgid)

    def cancel(
        self, insured: Insured, mdtrt_id: str, setl_id: str, msgid: str | None = None, *, reversal: str = ""
    ) -> Bill | None:
        """2208: cancel a settlement whole; the bill with negative amounts, if it is told (protocol 3.9).

        A repeat is Refused, "already_reversed"; `query` says whether the first was carried out. `reversal`: the leave
        to do so that the bill brought, if it did.
        """
        return self._call(self._dialect.cancel, questions.SettlementKey(insured, mdtrt_id, setl_id, reversal), msgid)

    def reverse(self, insured: Insured, omsgid: str, oinfno: str, msgid: str | None = None) -> None:
        """2601: undo what was sent as `omsgid` (冲正), whether or not it was carried out (protocol 3.10).

        May be repeated: Refused with "already_reversed" says that it is undone, with "nothing_to_reverse" that the
        centre does not have it. Where the interface has none: `looking.undo_message`.
        """
        self._call(_there(self._dialect.reverse), questions.Reversal(insured, omsgid, oinfno), msgid)

    def find_visits(
        self, insured: Insured, begin: datetime, end: datetime, med_type: str
    ) -> tuple[tuple[str, str], ...]:
        """5201: (mdtrt_id, ipt_otp_no) of the person's visits begun in that time. May be repeated. None where a visit
        bears our own number: there is nothing to find, and `register` may be repeated."""
        if self._dialect.find_visits is None:
            return ()
        return self._call(self._dialect.find_visits, questions.VisitSearch(insured, begin, end, med_type))

    def query(self, insured: Insured, mdtrt_id: str, setl_id: str) -> Bill:
        """5203: a settlement as the centre has it. May be repeated. Refused, "no_such_settlement", when it has none."""
        return self._call(self._dialect.query, questions.SettlementKey(insured, mdtrt_id, setl_id))

    def settled_ids(self, insured: Insured, mdtrt_id: str) -> tuple[str, ...]:
        """5204: the setl_ids on the visit's fee details: the search after a lost 2207 reply (protocol 3.13).

        May be repeated. Refused, "no_such_visit", when the centre has no such visit.
        """
        return self._call(_there(self._dialect.settled_ids), questions.VisitKey(insured, mdtrt_id))

    def by_message(self, insured: Insured, mdtrt_id: str, invono: str, omsgid: str) -> Bill:
        """What the message made, where it can be asked so. May be repeated. Refused, "no_such_settlement": nothing."""
        question = questions.MessageKey(insured, mdtrt_id, invono, omsgid)
        return self._call(_there(self._dialect.by_message), question)

    def report_self_pay(self, report: SelfPayReport, msgid: str | None = None) -> None:
        """4261: tell the insurance network what the patient paid himself. Nothing where it does not want to know."""
        if self._dialect.report_self_pay is not None:
            self._call(self._dialect.report_self_pay, report, msgid)

    def day_totals(self, question: DayTotals) -> DayTotalsAnswer:
        """3201: compare totals. May be repeated."""
        return self._call(self._dialect.day_totals, question)

    def day_details(self, question: DayDetails) -> ResultFile:
        """3202: compare details with our file (protocol 3.12); where the result lies. May be repeated."""
        return self._call(_there(self._dialect.day_details), question)

    def upload(self, filename: str, content: bytes) -> str:
        """9101: hand a file over (protocol 3.12); its file_qury_no. May be repeated: each is a file of its own."""
        return self._call(_there(self._dialect.upload), questions.FileUpload(filename, content))

    def download(self, file_qury_no: str, filename: str) -> bytes:
        """9102: a file that the centre has laid out (protocol 3.12). May be repeated."""
        return self._call(_there(self._dialect.download), questions.FileKey(file_qury_no, filename))


def _there(exchange: Exchange[Question, Answer] | None) -> Exchange[Question, Answer]:
    """A call that this interface does not have is a defect in the caller, who could have asked the dialect."""
    if exchange is None:
        raise LookupError("this dialect does not have that operation")
    return exchange
