"""The insurer's books: visits, settlements, self-pay reports and files, in memory; nothing is ever taken out."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count

from insurance.simulator.insurer.persons import Person, balance_of, insutype_of
from insurance.simulator.insurer.pricing import Amounts, LineSplit
from insurance.simulator.money import JsonObject

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Line:
    """One fee line as uploaded by 2204 (`sent`: its fields as they came)."""

    feedetl_sn: str
    chrg_bchno: str
    split: LineSplit
    sent: JsonObject


@dataclass(slots=True)
class Visit:
    """One registration (2201). `lines` are the details not withdrawn, by their number."""

    mdtrt_id: str
    psn_no: str
    ipt_otp_no: str
    sent: JsonObject
    med_type: str = ""
    cancelled: bool = False
    lines: dict[str, Line] = field(default_factory=dict)
    settlements: list["Settlement"] = field(default_factory=list)
    tried_with: set[str] = field(default_factory=set)
    """The credentials that its trials came with."""

    def batch(self, chrg_bchno: str) -> list[Line]:
        return [line for line in self.lines.values() if line.chrg_bchno == chrg_bchno]

    def live(self, chrg_bchno: str | None = None) -> list["Settlement"]:
        """The settlements that stand, of one batch or of all."""
        return [each for each in self.settlements if each.live and chrg_bchno in {None, each.chrg_bchno}]


@dataclass(slots=True)
class Settlement:
    """One entry of 2207, or the negative entry of the 2208 or 2601 that undid one (`reverses`)."""

    setl_id: str
    visit: Visit
    msgid: str
    infno: str
    chrg_bchno: str
    amounts: Amounts
    balance: int
    at: datetime
    region: str
    sent: JsonObject
    lines: tuple[Line, ...] = ()
    refunded: bool = False
    reverses: "Settlement | None" = None
    reversed_by: "Settlement | None" = None

    @property
    def live(self) -> bool:
        return not self.refunded

    @property
    def insutype(self) -> str:
        return str(self.sent["insutype"])

    def row(self) -> JsonObject:
        """As shown by `GET /_ledger`."""
        return {
            "setl_id": self.setl_id,
            "mdtrt_id": self.visit.mdtrt_id,
            "psn_no": self.visit.psn_no,
            "ipt_otp_no": self.visit.ipt_otp_no,
            "chrg_bchno": self.chrg_bchno,
            "insutype": self.insutype,
            "msgid": self.msgid,
            "infno": self.infno,
            "total_fen": self.amounts.total,
            "fund_fen": self.amounts.fund,
            "account_fen": self.amounts.account,
            "cash_fen": self.amounts.cash,
            "refunded": self.refunded,
            "reverses": self.reverses and self.reverses.setl_id,
            "at": self.at.isoformat(),
        }


@dataclass(slots=True)
class SelfPayReport:
    """One visit reported by 4261; a repeated report of the same visit takes the place of the first."""

    key: str
    cash_fen: int
    at: datetime
    sent: JsonObject
    uploads: int = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file handed over by 9101 or laid out by 3202."""

    filename: str
    content: bytes


class Ledger:
    """All of it, with the few look-ups the transactions need."""

    def __init__(self) -> None:
        self.persons: dict[str, Person] = {}
        self.visits: dict[str, Visit] = {}
        self.settlements: dict[str, Settlement] = {}
        self.visits_of: defaultdict[str, list[Visit]] = defaultdict(list)
        self.settlements_by_msgid: defaultdict[str, list[Settlement]] = defaultdict(list)
        self.self_pay: dict[str, SelfPayReport] = {}
        self.files: dict[str, File] = {}
        self.signed_in: set[str] = set()
        self._serial = count(1)

    def person(self, psn_no: str, insutype: str = "") -> Person:
        """The person of that number. One never seen is taken at the word of who asks: the insurance survives
        a restart of this program, which holds its books only in memory."""
        if psn_no not in self.persons:
            self.persons[psn_no] = Person(psn_no, insutype or insutype_of(psn_no), balance_of(psn_no))
        return self.persons[psn_no]

    def new_id(self, region: str) -> str:
        """A server id of 30 digits like the recorded ones, unique also across restarts."""
        milliseconds = int(datetime.now(CHINA).timestamp() * 1000)
        return f"{region:0>6.6}{milliseconds:013d}{next(self._serial):011d}"

    def add_visit(self, visit: Visit) -> None:
        self.visits[visit.mdtrt_id] = visit
        self.visits_of[visit.psn_no].append(visit)

    def add_settlement(self, settlement: Settlement) -> None:
        """Enter it and move the account's money: an account payment leaves the balance, a negative one returns."""
        self.settlements[settlement.setl_id] = settlement
        self.settlements_by_msgid[settlement.msgid].append(settlement)
        settlement.visit.settlements.append(settlement)
        self.person(settlement.visit.psn_no).balance -= settlement.amounts.account

    def add_file(self, region: str, file: File) -> str:
        """Keep it; its file_qury_no, of the form recorded in Zhejiang."""
        file_qury_no = f"M00/00/00/{self.new_id(region)}"
        self.files[file_qury_no] = file
        return file_qury_no

    def shown(self, with_rows: bool) -> JsonObject:
        """The answer of `GET /_ledger`; totals and doubles over what is live."""
        live = [each for each in self.settlements.values() if each.live]
        books: JsonObject = {
            "totals": {
                "settlements": len(live),
                "fund_fen": sum(each.amounts.fund for each in live),
                "account_fen": sum(each.amounts.account for each in live),
                "cash_fen": sum(each.amounts.cash for each in live),
                "total_fen": sum(each.amounts.total for each in live),
            },
            "self_pay": {
                "reports": len(self.self_pay),
                "cash_fen": sum(report.cash_fen for report in self.self_pay.values()),
            },
            "double": [visit.mdtrt_id for visit in self.visits.values() if len(visit.live()) > 1],
        }
        return self._with_rows(books) if with_rows else books

    def _with_rows(self, books: JsonObject) -> JsonObject:
        books["settlements"] = [each.row() for each in self.settlements.values()]
        books["visits"] = [
            {
                "mdtrt_id": visit.mdtrt_id,
                "psn_no": visit.psn_no,
                "ipt_otp_no": visit.ipt_otp_no,
                "cancelled": visit.cancelled,
                "lines": len(visit.lines),
            }
            for visit in self.visits.values()
        ]
        books["self_pay"]["rows"] = [
            {"key": report.key, "cash_fen": report.cash_fen, "uploads": report.uploads, "at": report.at.isoformat()}
            for report in self.self_pay.values()
        ]
        return books
