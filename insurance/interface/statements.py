"""What is said to and heard from the insurer when whole days are compared (protocol 3.12), in our words.

Money is integer fen. What identifies a person is kept out of every repr.
"""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class DayTotals:
    """3201's question (H t146): our totals by the centre's setl_time.

    One call for each insurance × clearing type × clearing office; days are inclusive. `sign_no` is the day's sign-in,
    where totals go by it.
    """

    insutype: str
    clr_type: str
    setl_optins: str
    begin: date
    end: date
    total_fen: int
    fund_fen: int
    account_fen: int
    count: int
    refd_setl_flag: str = ""
    fixmedins_refd_setl_flag: str = ""
    sign_no: str = ""


@dataclass(frozen=True, slots=True)
class DayTotalsAnswer:
    """3201's answer (H t147): whether the centre has the same totals. `stmt_rslt` is its own code."""

    balanced: bool
    stmt_rslt: str
    description: str


@dataclass(frozen=True, slots=True)
class DayDetails:
    """3202's question (H t149), asked when 3201 found a difference; `file_qury_no` comes from the upload (9101).

    It names no insurance type, so the file must hold the period's settlements of every type.
    """

    setl_optins: str
    begin: date
    end: date
    total_fen: int
    fund_fen: int
    cash_fen: int
    count: int
    file_qury_no: str
    clr_type: str = ""
    refd_setl_flag: str = ""
    fixmedins_refd_setl_flag: str = ""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """3202's answer (H t151): the file to fetch with 9102, and until when."""

    file_qury_no: str
    filename: str
    available_until: datetime | None


@dataclass(frozen=True, slots=True)
class StatementRow:
    """What we say of one settlement in the file for 3202 (H t150).

    A refunded one is said twice: as it was, and with negative amounts as `is_refund`.
    """

    setl_id: str
    mdtrt_id: str
    psn_no: str = field(repr=False)
    total_fen: int
    fund_fen: int
    account_fen: int
    is_refund: bool = False


@dataclass(frozen=True, slots=True)
class StatementDifference:
    """What the centre says of one settlement in the result of 3202 (H t151); `balanced` where it agrees.

    Of one that only the centre has, `setl_id` and `mdtrt_id` are "", and `msgid` is what a reversal names (omsgid).
    The `memo` is scrubbed, as every text of a centre's that people read.
    """

    psn_no: str = field(repr=False)
    mdtrt_id: str
    setl_id: str
    msgid: str
    balanced: bool
    stmt_rslt: str
    is_refund: bool
    memo: str
    total_fen: int
    fund_fen: int
    account_fen: int

    @property
    def centre_only(self) -> bool:
        """Whether we did not say it at all."""
        return not self.setl_id
