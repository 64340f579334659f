"""Trial, settlement, cancellation, and what stands: 2206, 2207, 2208, 5203, 5204. Source: protocol 3.7-3.9, 3.13, 7."""

from datetime import datetime
from decimal import Decimal

from insurance.interface.amounts import to_yuan
from insurance.interface.dialects.fhir.claims import (
    SETTLEMENT,
    TRIAL,
    claim,
    information,
    money,
    related,
    response,
    submit,
    whole,
)
from insurance.interface.dialects.fhir.exchanges import found, search, token
from insurance.interface.dialects.fhir.reading import (
    CURRENCY,
    amounts,
    coded,
    contained,
    has_amount,
    identified,
    moment,
    referred,
    required,
    visit_of,
)
from insurance.interface.dialects.fhir.vocabulary import FUND_PARTS, IN_ERROR, SPLIT, Codes, Json, Sid, concept
from insurance.interface.errors import OutcomeUnknown, Refusal, Refused
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.messages import Bill, Insured, PolicySplit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import Pricing, SettlementKey, Settling, VisitKey

STANDS, TAKEN_BACK = "active", ("cancelled", IN_ERROR)


def _pricing(profile: Profile, msgid: str, now: datetime, use: str, question: Pricing, *more: tuple[str, Json]) -> Json:
    """The batch that was sent before, and its total; `more` is told beside it."""
    return claim(
        profile,
        msgid,
        now,
        status="active",
        use=use,
        insured=question.insured,
        card=question.card,
        subType=concept(Codes.MEDICAL, question.med_type),
        related=related("charges", Sid.BATCH, question.chrg_bchno),
        supportingInfo=information([("acct_used_flag", {"valueBoolean": question.use_account}), *more]),
        item=whole(question.mdtrt_id, question.total_fen),
        total=money(question.total_fen),
    )


def _try(profile: Profile, msgid: str, now: datetime, question: Pricing) -> Request:
    return submit(profile, Operation.TRIAL, msgid, _pricing(profile, msgid, now, TRIAL, question))


def _settle(profile: Profile, msgid: str, now: datetime, question: Settling) -> Request:
    """As tried, with the trial's split, which the insurer may compare (protocol 3.8)."""
    split = question.split
    if split is None:
        raise ValueError("a settlement repeats the split that the trial answered")
    parts = (split.fulamt_ownpay_fen, split.overlmt_selfpay_fen, split.preselfpay_fen, split.inscp_scp_fen)
    told = [(name, {"valueQuantity": _quantity(fen)}) for name, fen in zip(SPLIT, parts, strict=True)]
    invoice: tuple[str, Json] = ("invono", {"valueString": question.invono})
    document = _pricing(profile, msgid, now, SETTLEMENT, question.pricing, invoice, *told)
    return submit(profile, Operation.SETTLE, msgid, document)


def _quantity(fen: int) -> Json:
    """An amount where FHIR takes no Money (Claim.supportingInfo)."""
    return {"value": Decimal(to_yuan(fen)), "unit": CURRENCY, "system": str(Codes.CURRENCY), "code": CURRENCY}


def _cancel(profile: Profile, msgid: str, now: datetime, question: SettlementKey) -> Request:
    document = claim(
        profile,
        msgid,
        now,
        status="cancelled",
        use=SETTLEMENT,
        insured=question.insured,
        related=related("settlement", Sid.SETTLEMENT, question.setl_id),
        item=whole(question.mdtrt_id),
    )
    return submit(profile, Operation.CANCEL, msgid, document)


def _query(profile: Profile, msgid: str, now: datetime, question: SettlementKey) -> Request:
    """Also one that was taken back: its status says so."""
    one = ("identifier", token(Sid.SETTLEMENT, question.setl_id))
    visit = _of_visit(question.insured, question.mdtrt_id)
    return search(profile, Operation.QUERY, "ClaimResponse", msgid, [one, *visit])


def _search_visit(profile: Profile, msgid: str, now: datetime, question: VisitKey) -> Request:
    """Those that stand: the search after a settlement that was not answered."""
    visit = _of_visit(question.insured, question.mdtrt_id)
    live = [("use", SETTLEMENT), ("status", "active"), ("_elements", "identifier,extension")]
    return search(profile, Operation.FEE_DETAILS, "ClaimResponse", msgid, [*visit, *live])


def _of_visit(insured: Insured, mdtrt_id: str) -> list[tuple[str, str]]:
    """By the visit of the Claim that it answers: a ClaimResponse has no search parameter for it."""
    return [
        ("patient:identifier", token(Sid.PERSON, insured.psn_no)),
        ("request.encounter:identifier", token(Sid.VISIT, mdtrt_id)),
    ]


def _tried(question: Pricing, reply: Reply) -> Bill:
    """A trial binds nobody: its time and the office that would pay are left out, as it has no settlement's number."""
    return _bill(response(reply, TRIAL, question.mdtrt_id, binds=False))


def _settled(question: Settling, reply: Reply) -> Bill:
    """Of this message, and standing: an answer to another one of the same visit would tell of what was taken back."""
    bill = _standing(response(reply, SETTLEMENT, question.pricing.mdtrt_id, binds=True))
    if bill.medins_setl_id != question.msgid:
        raise OutcomeUnknown("the ClaimResponse does not say that it is of this message")
    if bill.refunded:
        raise OutcomeUnknown("the ClaimResponse does not stand")
    return bill


def _cancelled(question: SettlementKey, reply: Reply) -> Bill:
    return _standing(response(reply, SETTLEMENT, question.mdtrt_id, binds=True))


def _queried(question: SettlementKey, reply: Reply) -> Bill:
    """Nothing found is an answer: the insurer has no such settlement."""
    matches = found(reply, "ClaimResponse")
    if not matches:
        raise Refused("nothing was found", code=Refusal.NO_SUCH_SETTLEMENT)
    if len(matches) > 1 or visit_of(matches[0]) != question.mdtrt_id:
        raise OutcomeUnknown("the ClaimResponse is another settlement's")
    bill = _standing(matches[0])
    if bill.setl_id != question.setl_id:
        raise OutcomeUnknown("setl_id is another settlement's")
    return bill


def _ids(question: VisitKey, reply: Reply) -> tuple[str, ...]:
    """Distinct ids in the insurer's order. Each must have one: a match without it proves nothing."""
    matches = found(reply, "ClaimResponse")
    ids = (required(identified(each.get("identifier") or (), Sid.SETTLEMENT), "setl_id") for each in matches)
    return tuple(dict.fromkeys(ids))


def _standing(answer: Json) -> Bill:
    """A settlement without a setl_id cannot be cancelled or asked for: as good as no answer. A draft is none."""
    if answer["status"] not in (STANDS, *TAKEN_BACK):
        raise OutcomeUnknown("the ClaimResponse is a draft")
    setl_id = required(identified(answer.get("identifier") or (), Sid.SETTLEMENT), "setl_id")
    paid = answer.get("payment") or {}
    return _bill(
        answer,
        setl_id=setl_id,
        settled_at=moment(answer.get("created"), "created"),
        refunded=answer["status"] in TAKEN_BACK,
        clr_type=coded(paid.get("type"), Codes.CLEARING),
        clr_optins=referred(answer["insurer"], Sid.REGION),
    )


def _bill(
    answer: Json,
    *,
    setl_id: str = "",
    settled_at: datetime | None = None,
    refunded: bool = False,
    clr_type: str = "",
    clr_optins: str = "",
) -> Bill:
    totals = answer.get("total") or ()
    amount = amounts(totals, "total")
    policy = contained(answer, (answer.get("insurance") or [{}])[0].get("coverage"), "Coverage")
    return Bill(
        mdtrt_id=visit_of(answer),
        psn_no=required(referred(answer["patient"], Sid.PERSON), "psn_no"),
        insutype=coded(policy.get("type"), Codes.INSURANCE),
        medins_setl_id=referred(answer.get("request"), Sid.MESSAGE),
        total_fen=amount("medfee_sumamt"),
        fund_fen=amount("fund_pay_sumamt"),
        person_fen=amount("psn_part_amt"),
        account_fen=amount("acct_pay"),
        shared_account_fen=amount("acct_mulaid_pay") if has_amount(totals, "acct_mulaid_pay") else 0,
        cash_fen=amount("psn_cash_pay"),
        hospital_fen=amount("hosp_part_amt"),
        split=PolicySplit(*(amount(name) for name in SPLIT)),
        fund_parts=tuple((name, amount(name)) for name in FUND_PARTS if has_amount(totals, name)),
        clr_type=clr_type,
        clr_optins=clr_optins,
        setl_id=setl_id,
        settled_at=settled_at,
        refunded=refunded,
    )


TRY: Exchange[Pricing, Bill] = Exchange(Operation.TRIAL, _try, _tried)
SETTLE: Exchange[Settling, Bill] = Exchange(Operation.SETTLE, _settle, _settled)
CANCEL: Exchange[SettlementKey, Bill | None] = Exchange(Operation.CANCEL, _cancel, _cancelled)
QUERY: Exchange[SettlementKey, Bill] = Exchange(Operation.QUERY, _query, _queried)
SETTLED_IDS: Exchange[VisitKey, tuple[str, ...]] = Exchange(Operation.FEE_DETAILS, _search_visit, _ids)
