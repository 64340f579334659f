"""The words beside FHIR's own: whose identifiers and which local codes are meant. Their tables: docs/fhir.md.

A FHIR insurer that has systems of its own wants them here; what stands in each place would stay the same.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from insurance.interface.messages import Card

Json = dict[str, Any]
"""A resource, or part of one, as the wire has it; numbers are Decimal."""

BASE = "https://hospital-line.example/fhir"
"""A name and no address: example is reserved (RFC 2606). Nothing is fetched from there."""

ENCOUNTER = f"{BASE}/StructureDefinition/encounter"
"""The extension by which a ClaimResponse names its visit: R4 has no element for it."""
TOTAL = f"{BASE}/StructureDefinition/medfee_sumamt"
"""The extension by which a PaymentNotice says the whole price beside what was paid."""
UPDATE = f"{BASE}/StructureDefinition/up_type"
"""The extension by which a PaymentNotice says whether it is the first (0) or a correction (1)."""


class Sid(StrEnum):
    """Whose identifiers. The last part is the national wire's name of the same id (protocol 3)."""

    MESSAGE = f"{BASE}/sid/msgid"
    VISIT = f"{BASE}/sid/mdtrt_id"
    VISIT_NUMBER = f"{BASE}/sid/ipt_otp_no"
    SETTLEMENT = f"{BASE}/sid/setl_id"
    BATCH = f"{BASE}/sid/chrg_bchno"
    PERSON = f"{BASE}/sid/psn_no"
    CERTIFICATE = f"{BASE}/sid/certno"
    CARD_SN = f"{BASE}/sid/card_sn"
    DIAGNOSIS = f"{BASE}/sid/diag_srt_no"
    INSTITUTION = f"{BASE}/sid/fixmedins_code"
    REGION = f"{BASE}/sid/admdvs"
    DOCTOR = f"{BASE}/sid/atddr_no"
    DEPARTMENT = f"{BASE}/sid/dept_code"
    PAYMENT = f"{BASE}/sid/payment_no"


IN_ERROR = "entered-in-error"
"""The status of a resource that never was, whatever else it says (resource.html)."""


class Codes(StrEnum):
    """Which code systems. The first are ours; the last are HL7's and ISO's."""

    AMOUNT = f"{BASE}/CodeSystem/amount"
    INFORMATION = f"{BASE}/CodeSystem/information"
    RELATION = f"{BASE}/CodeSystem/relation"
    REFUSAL = f"{BASE}/CodeSystem/refusal"
    TASK = f"{BASE}/CodeSystem/task"
    PRODUCT = f"{BASE}/CodeSystem/product"
    INSURANCE = f"{BASE}/CodeSystem/insutype"
    PERSON_TYPE = f"{BASE}/CodeSystem/psn_type"
    CLASS = f"{BASE}/CodeSystem/coverage-class"
    MEDICAL = f"{BASE}/CodeSystem/med_type"
    CLEARING = f"{BASE}/CodeSystem/clr_type"
    LEVEL = f"{BASE}/CodeSystem/chrgitm_lv"
    SPECIALTY = f"{BASE}/CodeSystem/caty"
    DISEASE = f"{BASE}/CodeSystem/diag_code"
    DISEASE_KIND = f"{BASE}/CodeSystem/diag_type"
    ITEM = f"{BASE}/CodeSystem/med_list_codg"
    HOSPITAL_ITEM = f"{BASE}/CodeSystem/medins_list_codg"
    ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"
    CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"
    PRIORITY = "http://terminology.hl7.org/CodeSystem/processpriority"
    FINANCIAL_TASK = "http://terminology.hl7.org/CodeSystem/financialtaskcode"
    PAYMENT_STATUS = "http://terminology.hl7.org/CodeSystem/paymentstatus"
    CONDITION_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
    CONDITION_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    ISSUE = "http://hl7.org/fhir/issue-type"
    CURRENCY = "urn:iso:std:iso:4217"


HL7_AMOUNTS: Mapping[str, str] = MappingProxyType(
    {"medfee_sumamt": "submitted", "inscp_scp_amt": "eligible", "fund_pay_sumamt": "benefit"}
)
"""The amounts for which HL7 has a code; the others keep the national name in `Codes.AMOUNT` (protocol 7)."""

FUND_PARTS = (
    *("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay"),
    *("hifob_pay", "hifdm_pay", "maf_pay", "oth_pay"),
)
SPLIT = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
"""The four-way split by policy, in the order of `PolicySplit` (protocol 3.7)."""
PAID = ("fund_pay_sumamt", "psn_part_amt", "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "hosp_part_amt")
LOCAL_AMOUNTS = tuple(name for name in (*SPLIT, *PAID, *FUND_PARTS, "balc") if name not in HL7_AMOUNTS)


def amount_code(name: str) -> tuple[str, str]:
    """System and code of an amount by its national name."""
    return (Codes.ADJUDICATION, HL7_AMOUNTS[name]) if name in HL7_AMOUNTS else (Codes.AMOUNT, name)


def identifier(system: str, value: str) -> Json:
    """An Identifier."""
    return {"system": str(system), "value": value}


def logical(kind: str, system: str, value: str, display: str = "") -> Json:
    """A Reference by identifier: the other side's own ids and addresses are never needed."""
    shown = {"display": display} if display else {}
    return {"type": kind, "identifier": identifier(system, value), **shown}


def coding(system: str, code: str) -> Json:
    """A Coding."""
    return {"system": str(system), "code": code}


def concept(system: str, code: str, text: str = "") -> Json:
    """A CodeableConcept of one coding."""
    return {"coding": [coding(system, code)], **({"text": text} if text else {})}


def card_identifiers(card: Card) -> list[Json]:
    """The credential: its type (01, 02, 03) is part of the system, so that the number is an ordinary identifier."""
    shown = [identifier(f"{BASE}/sid/mdtrt_cert_type/{card.type}", card.number)]
    return [*shown, identifier(Sid.CARD_SN, card.sn)] if card.sn else shown
