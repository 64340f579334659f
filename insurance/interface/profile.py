"""Everything regional, as data: who we are, which transaction numbers and paths, and the habits of the local centre."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from insurance.interface.errors import Refusal


class Operation(StrEnum):
    """What we ask of the insurer; the transaction number (infno) that stands for it is regional (protocol 2.6)."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    PERSON = "person"
    REGISTER = "register"
    CANCEL_REGISTRATION = "cancel_registration"
    UPLOAD_VISIT = "upload_visit"
    UPLOAD_CHARGES = "upload_charges"
    WITHDRAW_CHARGES = "withdraw_charges"
    TRIAL = "trial"
    SETTLE = "settle"
    CANCEL = "cancel"
    REVERSE = "reverse"
    DAY_TOTALS = "day_totals"
    DAY_DETAILS = "day_details"
    FIND_VISITS = "find_visits"
    FIND_DIAGNOSES = "find_diagnoses"
    QUERY = "query"
    FEE_DETAILS = "fee_details"
    UPLOAD_FILE = "upload_file"
    DOWNLOAD_FILE = "download_file"
    REPORT_SELF_PAY = "report_self_pay"


NATIONAL_INFNOS: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.SIGN_IN: "9001",
        Operation.SIGN_OUT: "9002",
        Operation.PERSON: "1101",
        Operation.REGISTER: "2201",
        Operation.CANCEL_REGISTRATION: "2202",
        Operation.UPLOAD_VISIT: "2203A",
        Operation.UPLOAD_CHARGES: "2204",
        Operation.WITHDRAW_CHARGES: "2205",
        Operation.TRIAL: "2206A",
        Operation.SETTLE: "2207A",
        Operation.CANCEL: "2208",
        Operation.REVERSE: "2601",
        Operation.DAY_TOTALS: "3201",
        Operation.DAY_DETAILS: "3202",
        Operation.FIND_VISITS: "5201",
        Operation.FIND_DIAGNOSES: "5202",
        Operation.QUERY: "5203",
        Operation.FEE_DETAILS: "5204",
        Operation.UPLOAD_FILE: "9101",
        Operation.DOWNLOAD_FILE: "9102",
        Operation.REPORT_SELF_PAY: "4261",
    }
)

# Protocol 2, region 3 (ZJ in use, OH's table). The last names of 5201, 5202 and 4261 are our guess: no source has them.
NATIONAL_PATHS: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.SIGN_IN: "/fsi/api/signInSignOutService/signIn",
        Operation.SIGN_OUT: "/fsi/api/signInSignOutService/signOut",
        Operation.PERSON: "/fsi/api/fsiPsnInfoService/queryPsnInfo",
        Operation.REGISTER: "/fsi/api/outpatientDocInfoService/outpatientRregistration",
        Operation.CANCEL_REGISTRATION: "/fsi/api/outpatientDocInfoService/outpatientRegistrationCancel",
        Operation.UPLOAD_VISIT: "/fsi/api/outpatientDocInfoService/outpatientMdtrtinfoUpA",
        Operation.UPLOAD_CHARGES: "/fsi/api/outpatientDocInfoService/outpatientFeeListUp",
        Operation.WITHDRAW_CHARGES: "/fsi/api/outpatientDocInfoService/outpatientFeeListUpCancel",
        Operation.TRIAL: "/fsi/api/outpatientSettleService/preSettletmentA",
        Operation.SETTLE: "/fsi/api/outpatientSettleService/saveSettletmentA",
        Operation.CANCEL: "/fsi/api/outpatientSettleService/cancleSettletment",
        Operation.REVERSE: "/fsi/api/reverseService/revsMethod",
        Operation.DAY_TOTALS: "/fsi/api/ybSettlementStmtService/stmt",
        Operation.DAY_DETAILS: "/fsi/api/ybSettlementStmtService/stmtDetail",
        Operation.FIND_VISITS: "/fsi/api/fsiIntegratedQueryService/queryMdtrtInfo",
        Operation.FIND_DIAGNOSES: "/fsi/api/fsiIntegratedQueryService/queryDiagInfo",
        Operation.QUERY: "/fsi/api/fsiIntegratedQueryService/querySetlInfo",
        Operation.FEE_DETAILS: "/fsi/api/fsiIntegratedQueryService/queryFeeList",
        Operation.UPLOAD_FILE: "/fsi/api/fileupload/upload",
        Operation.DOWNLOAD_FILE: "/fsi/api/fileupload/download",
        Operation.REPORT_SELF_PAY: "/fsi/api/selfPayService/upload",
    }
)

# There is no catalogue of error codes (protocol 4): a refusal is known by what its text holds. Only the refund flag's
# text with its code is recorded (ZJ, 2601 after 2208); the others follow its wording, until a local centre's are known.
_REFUNDED = ("退费结算标志不为未退费", "iptPsnSetlMgtBO_4412")
_NO_VISIT = ("未查询到就诊信息", "未查询到有效的就诊信息")
NATIONAL_REFUSALS: Mapping[Operation, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        Operation.SETTLE: {Refusal.ALREADY_SETTLED: ("已结算", "重复结算")},
        Operation.REVERSE: {
            Refusal.NOTHING_TO_REVERSE: ("未查询到需要冲正",),
            Refusal.ALREADY_REVERSED: _REFUNDED,
        },
        Operation.CANCEL: {
            Refusal.NO_SUCH_SETTLEMENT: ("未查询到需要撤销的结算信息",),
            Refusal.NO_SUCH_VISIT: _NO_VISIT,
            Refusal.ALREADY_REVERSED: _REFUNDED,
        },
        Operation.QUERY: {
            Refusal.NO_SUCH_SETTLEMENT: ("未查询到结算信息",),
            Refusal.NO_SUCH_VISIT: _NO_VISIT,
        },
        Operation.FEE_DETAILS: {Refusal.NO_SUCH_VISIT: _NO_VISIT},
        Operation.FIND_VISITS: {Refusal.NO_SUCH_VISIT: _NO_VISIT},
        Operation.CANCEL_REGISTRATION: {Refusal.NO_SUCH_VISIT: _NO_VISIT},
    }
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One institution at one centre. `None` is written as JSON null. Source: protocol 1.1 (H t2) and 2."""

    base_url: str
    institution_code: str
    institution_name: str
    region: str
    """The insurance region of treatment (mdtrtarea_admvs), six digits."""
    recer_sys_code: str = "FSI_LOCAL"
    infver: str = "V1.0"
    opter: str = "online"
    opter_name: str = "互联网医院"
    opter_type: str = "3"
    dev_no: str | None = ""
    dev_safe_info: str | None = ""
    cainfo: str | None = ""
    signtype: str | None = ""
    sign_no: str | None = ""
    mac: str = "00-00-00-00-00-00"
    ip: str = "127.0.0.1"
    timeout_seconds: float = 10.0
    charset: str = "utf-8"
    """In which characters go over the wire; inside, and in the journal, everything is UTF-8."""
    infnos: Mapping[Operation, str] = field(default_factory=lambda: NATIONAL_INFNOS)
    paths: Mapping[Operation, str] = field(default_factory=lambda: NATIONAL_PATHS)
    path: str = ""
    """The one path of a gateway that has a single URL; it then stands for all of `paths`. `{infno}` in it or in one of
    those is the transaction number (Guangdong)."""
    gateway: str = ""
    """The gateway whose signature goes along (`gateways.GATEWAYS`); "": none."""
    security: str = ""
    """What `cainfo` is (`security.RULES`, protocol 2.5); "": what stands in `cainfo` above."""
    encrypts: bool = False
    """enc_type SM4: input and output are encrypted (JS, JL, YB)."""
    signs_in: bool = False
    """Messages carry the sign_no of the day's 9001 (protocol 3.14)."""
    fresh_credential_seconds: int = 0
    """2207 with an electronic credential (01) needs one that was scanned no longer ago (GD, protocol 2.5); 0: the one
    of the booking does."""
    not_signed_in: tuple[str, ...] = ("未签到", "签到已失效", "签到编号无效", "请先签到")
    """Parts of the text of a centre that does not know the sign_no. No source has one: these are likely words."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    envelope: Mapping[str, str | None] = field(default_factory=dict)
    """Regional fields beside the common header, e.g. enc_type (protocol 1.1)."""
    nodes: Mapping[Operation, Mapping[str, str]] = field(default_factory=dict)
    """By operation and national name: what a node of `input` is called here (GD: `mdtrtinfo` for 2207's `data`)."""
    names: Mapping[str, str] = field(default_factory=dict)
    """By national name: what a field is called here, in what we send and in what we read."""
    constants: Mapping[Operation, Mapping[str, str]] = field(default_factory=dict)
    """Regional fields of an operation's first node; they add to what we send or replace it."""
    single_objects: bool = False
    """Zhejiang sends diseinfo and feedetail with one row as an object where the specification has a list."""
    visit_days: bool = False
    """Zhejiang writes the times of 2203A as days."""
    stmt_end_of_day: bool = False
    """Zhejiang writes 3201's and 3202's last day with 23:59:59."""
    person_fields: bool = False
    """Hunan also wants psn_cert_type, certno, psn_type and psn_name in 2201, 2206 and 2207 (H t72, t82)."""
    withdraws_first: bool = False
    """Jiangsu sends 2205 before every 2204, not only where an earlier one may be there (protocol 3.6)."""
    charges_first: bool = False
    """The fee lines (2204) go before the details of the visit (2203)."""
    refusals: Mapping[Operation, Mapping[str, tuple[str, ...]]] = field(default_factory=lambda: NATIONAL_REFUSALS)
    """By operation and our word for a refusal: parts of the local centre's text, or its bracketed code."""

    def infno(self, operation: Operation) -> str:
        """The transaction number here; the national one unless `infnos` says otherwise."""
        return self.infnos.get(operation, NATIONAL_INFNOS[operation])

    def refusal(self, operation: Operation, text: str) -> str:
        """Our word for a refusal that says this; "" for one that is not known here."""
        if self.signs_in and any(part in text for part in self.not_signed_in):
            return Refusal.NOT_SIGNED_IN
        known = self.refusals.get(operation, {}).items()
        return next((word for word, parts in known if any(part in text for part in parts)), "")

    def path_of(self, operation: Operation) -> str:
        """The path of the operation, below `base_url`."""
        path = self.path or self.paths.get(operation, NATIONAL_PATHS[operation])
        return path.replace("{infno}", self.infno(operation))
