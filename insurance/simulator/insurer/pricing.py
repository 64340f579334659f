"""Who pays what: a fee line split by policy, and a total split over the payers. Pure; integer fen."""

from dataclasses import dataclass, fields
from hashlib import sha256

from insurance.simulator.money import percent_of

PRESELFPAY_PERCENT = 5  # of a class-B (乙类) item, as in the recorded 4.52 = 0.23 + 4.29
POOL_PERCENT = {"310": 70, "390": 60}  # employee, resident


@dataclass(frozen=True, slots=True)
class LineSplit:
    """One line of 2204 (protocol 3.7, identity 6); nothing is fully self-paid or over a price limit here."""

    level: str
    preselfpay: int
    scope: int

    @property
    def total(self) -> int:
        return self.preselfpay + self.scope


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a trial or settlement says, in fen (protocol 3.7).

    Two ways to split one total: `preselfpay + scope` by policy, `fund + account + cash` by payer.
    """

    preselfpay: int
    scope: int
    fund: int
    account: int
    cash: int

    @property
    def total(self) -> int:
        return self.fund + self.account + self.cash

    def negated(self) -> "Amounts":
        return Amounts(**{field.name: -getattr(self, field.name) for field in fields(self)})


def hashed(text: str, below: int) -> int:
    """A stable draw out of 0..below-1 that looks random: the same text always gives the same number."""
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") % below


def level_of(med_list_codg: str) -> str:
    """The catalogue class of an item: 01 甲 (all in scope) or 02 乙 (with an advance self-pay share)."""
    return "02" if hashed(f"level:{med_list_codg}", 2) else "01"


def split_line(amount: int, med_list_codg: str) -> LineSplit:
    level = level_of(med_list_codg)
    preselfpay = percent_of(amount, PRESELFPAY_PERCENT) if level == "02" else 0
    return LineSplit(level, preselfpay, amount - preselfpay)


def price(lines: list[LineSplit], insutype: str, account_used: bool, balance: int) -> Amounts:
    """Split the lines' total: the pool pays its share of the scope, the account what it can, cash the rest.

    Only employees (310) have an account to pay with. Refund lines may leave more in scope than in total, so
    the pool's share is kept between nothing and the total.
    """
    preselfpay = sum(line.preselfpay for line in lines)
    scope = sum(line.scope for line in lines)
    total = preselfpay + scope
    fund = min(max(percent_of(scope, POOL_PERCENT[insutype]), 0), total)
    account = min(balance, total - fund) if account_used and insutype == "310" else 0
    return Amounts(preselfpay, scope, fund, account, total - fund - account)
