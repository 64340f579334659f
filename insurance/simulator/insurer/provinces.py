"""How a region's centre differs from the national one, by the name of the region.

Source: protocol 1.1, 1.2, 2, 2.5, 2.6, 3.2, 3.7-3.9, 3.14. Written from there, and not from what the client holds: what
a region does otherwise must be understood twice to be believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

A_FORMS = frozenset(("2203A", "2206A", "2207A"))
PLAIN = frozenset(("2203", "2206", "2207"))
MIXED = frozenset(("2203A", "2206", "2207"))
"""Which forms of the three numbers there are (2.6); a centre does not know the others."""

CSB = "/fsi/api/rsfComIfsService/callService"
_DOC, _SETTLE, _STATEMENT = "outpatientDocInfoService", "outpatientSettleService", "ybSettlementStmtService"
SERVICES: Mapping[str, str] = {
    "9001": "/fsi/api/signInSignOutService/signIn",
    "9002": "/fsi/api/signInSignOutService/signOut",
    "1101": "/fsi/api/fsiPsnInfoService/queryPsnInfo",
    "2201": f"/fsi/api/{_DOC}/outpatientRregistration",
    "2202": f"/fsi/api/{_DOC}/outpatientRegistrationCancel",
    "2203A": f"/fsi/api/{_DOC}/outpatientMdtrtinfoUpA",
    "2204": f"/fsi/api/{_DOC}/outpatientFeeListUp",
    "2205": f"/fsi/api/{_DOC}/outpatientFeeListUpCancel",
    "2206": f"/fsi/api/{_SETTLE}/preSettletment",
    "2206A": f"/fsi/api/{_SETTLE}/preSettletmentA",
    "2207": f"/fsi/api/{_SETTLE}/saveSettletmentV2",
    "2207A": f"/fsi/api/{_SETTLE}/saveSettletmentA",
    "2208": f"/fsi/api/{_SETTLE}/cancleSettletment",
    "2601": "/fsi/api/reverseService/revsMethod",
    "3201": f"/fsi/api/{_STATEMENT}/stmt",
    "3202": f"/fsi/api/{_STATEMENT}/stmtDetail",
    "5203": "/fsi/api/fsiIntegratedQueryService/querySetlInfo",
    "5204": "/fsi/api/fsiIntegratedQueryService/queryFeeList",
    "9101": "/fsi/api/fileupload/upload",
    "9102": "/fsi/api/fileupload/download",
}
"""Zhejiang's (2, row 3). Where no source has a path, any does."""

Named = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Province:
    """One region's centre; the numbers it is asked by are those of `forms`, or all forms where it has none."""

    forms: frozenset[str] = frozenset()
    path: str = ""
    """The one URL of all transactions; `{infno}` in it is the number."""
    services: Mapping[str, str] = field(default_factory=dict)
    """A URL for each; "": all are at any."""
    header: Mapping[str, str | None] = field(default_factory=dict)
    """Fields of the envelope that must be there, with this value or with any (None)."""
    signs_in: bool = False
    """Every message but 9001 must name a sign-in that is known (3.14)."""
    nodes: Named = field(default_factory=dict)
    """By number: what a node of the input is called."""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By number: further fields that `data` must have."""
    answers: Named = field(default_factory=dict)
    """By number: what a field of the output is called."""
    more: tuple[str, ...] = ()
    """Further lists in what 2206 and 2207 answer."""
    fresh_credential: bool = False
    """2207 with the electronic credential of the trial is refused (2.5)."""
    infcode_is_text: bool = False

    def number(self, number: str) -> str:
        """The form that this transaction has here; the A form where nothing is said."""
        return number if number in self.forms else f"{number}A"

    def knows(self, infno: str, path: str) -> bool:
        """Whether there is such a number, and at this URL."""
        if self.forms and infno.removesuffix("A") in PLAIN and infno not in self.forms:
            return False
        expected = self.path.replace("{infno}", infno) or self.services.get(infno, "")
        return expected in ("", path)


PERSON = ("psn_cert_type", "certno", "psn_type", "psn_name")
NATIONAL = Province()
PROVINCES: dict[str, Province] = {
    "guangdong": Province(
        forms=PLAIN,
        path="/poc-hsa-hgs-{infno}",
        signs_in=True,
        nodes={"2207": {"data": "mdtrtinfo"}},
        answers={"2206": {"psn_part_amt": "psn_part_am"}, "2207": {"psn_part_amt": "psn_part_am"}},
        more=("voladetail",),
        fresh_credential=True,
    ),
    "hebei": Province(forms=MIXED, services={**SERVICES, "3201": f"/fsi/api/{_STATEMENT}/stmtTotal"}, signs_in=True),
    "hunan": Province(
        forms=PLAIN,
        path=CSB,
        header={"recer_sys_code": "99"},
        required={"2201": PERSON, "2206": PERSON, "2207": PERSON[:2]},
        answers={"2208": {"psn_cash_pay": "pdn_cash_pay"}},
    ),
    "jiangsu": Province(
        forms=MIXED, path=CSB, header=dict.fromkeys(("enc_type", "fixmedins_soft_fcty")), signs_in=True
    ),
    "jiangxi": Province(path=CSB),
    "jilin": Province(header={"enc_type": "SM4"}, infcode_is_text=True),
    "nanyang": Province(
        forms=MIXED | {"2203"},
        path="/hss-call-service-interface",
        header={"recer_sys_code": "HIS", "signtype": "SM3"},
        signs_in=True,
    ),
    "sichuan": Province(forms=A_FORMS, path="/mss/web/api/fsi/callService"),
    "zhejiang": Province(forms=A_FORMS, services=SERVICES, header={"recer_sys_code": "FSI_LOCAL"}, signs_in=True),
}
