"""The proof of our own books: the ledger's sums of a settlement are what its state says. One query; what it returns is
wrong.

| state | at the insurer | money |
|---|---|---|
| completed | the agreed amounts, once | what is to stay is here |
| insured, paying, paid, confirming | the agreed amounts, or the surplus is still being taken back | |
| paid, confirming | | what is to stay is here |
| refused, reversed | nothing | nothing |
| waiting, calling, claiming; any, as self-pay | nothing | |

In every state what is booked as paid and given back is what the order and its refunds say. A settlement that is
unknown, being undone or before a person is not judged at the insurer: that is what reconciliation is for.
"""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from insurance.reconciliation.days import bounds

_BOOKS = """
WITH chosen AS (
    SELECT *, 'S' || lpad(id::text, 12, '0') AS number FROM insurance_settlement settlement WHERE {which}
), leg AS (
    SELECT number,
           count(*) FILTER (WHERE leg = 'fund' AND kind = 'settled')
             - count(*) FILTER (WHERE leg = 'fund' AND kind = 'undone') AS live,
           coalesce(sum(amount_fen) FILTER (WHERE leg = 'fund'), 0) AS fund,
           coalesce(sum(amount_fen) FILTER (WHERE leg = 'account'), 0) AS account,
           coalesce(sum(amount_fen) FILTER (WHERE leg = 'own'), 0) AS own,
           coalesce(sum(amount_fen) FILTER (WHERE leg IN ('fund', 'account', 'own', 'hospital')), 0) AS total,
           coalesce(sum(amount_fen) FILTER (WHERE leg = 'cash'), 0) AS cash,
           coalesce(sum(amount_fen) FILTER (WHERE leg = 'refund'), 0) AS refund
      FROM insurance_ledgerentry WHERE number IN (SELECT number FROM chosen) GROUP BY number
), money AS (
    SELECT payment.order_no AS number,
           CASE WHEN payment.state IN ('paid', 'refunded') THEN payment.amount_fen ELSE 0 END AS paid,
           coalesce(sum(back.amount_fen) FILTER (WHERE back.state = 'done'), 0) AS given_back,
           coalesce(sum(back.amount_fen), 0) AS owed
      FROM insurance_paymentorder payment LEFT JOIN insurance_refund back ON back.order_id = payment.id
     WHERE payment.order_no IN (SELECT number FROM chosen) GROUP BY payment.id
), sums AS (
    SELECT chosen.*, coalesce(live, 0) AS live, coalesce(fund, 0) AS fund, coalesce(account, 0) AS account,
           coalesce(own, 0) AS own, coalesce(total, 0) AS total, coalesce(cash, 0) AS cash,
           coalesce(refund, 0) AS refund, coalesce(paid, 0) AS paid, coalesce(given_back, 0) AS given_back,
           coalesce(owed, 0) AS owed
      FROM chosen LEFT JOIN leg USING (number) LEFT JOIN money USING (number)
), judged AS (
    SELECT *,
           CASE WHEN mode = 'self_pay' OR state IN ('refused', 'reversed', 'waiting', 'calling', 'claiming')
                  OR state = 'paying' AND claim_later
                THEN live = 0 AND total = 0
                WHEN state IN ('insured', 'paying', 'paid', 'confirming', 'completed')
                THEN live >= 1 AND (live = 1 OR state <> 'completed') AND fund = live * fund_fen
                 AND account = live * account_fen AND own = live * cash_fen AND total = live * total_fen
                ELSE true END AS insurer_agrees,
           cash = paid AND refund = -given_back
             AND CASE WHEN state IN ('refused', 'reversed') THEN cash + refund = 0
                      WHEN state IN ('paid', 'confirming', 'completed') THEN cash - owed = cash_fen
                      ELSE true END AS money_agrees
      FROM sums
)
SELECT number, state, live, total, cash, refund, insurer_agrees, money_agrees
  FROM judged WHERE NOT (insurer_agrees AND money_agrees) ORDER BY id
"""
_OF_THE_DAY = """
    settlement.created_at >= %(begin)s AND settlement.created_at < %(end)s
    OR settlement.since >= %(begin)s AND settlement.since < %(end)s
    OR settlement.id IN (SELECT substr(number, 2)::bigint FROM insurance_ledgerentry
                          WHERE at >= %(begin)s AND at < %(end)s OR booked_at >= %(begin)s AND booked_at < %(end)s)
"""


@dataclass(frozen=True, slots=True)
class Unproved:
    """A settlement whose ledger is not what its state says: what is booked, in fen, and which side is wrong."""

    number: str
    state: str
    live: int
    total_fen: int
    cash_fen: int
    refund_fen: int
    insurer_agrees: bool
    money_agrees: bool

    @property
    def told(self) -> str:
        """In words."""
        wrong = [
            name for name, agrees in (("insurer", self.insurer_agrees), ("money", self.money_agrees)) if not agrees
        ]
        booked = f"{self.live} at the insurer with {self.total_fen} fen, {self.cash_fen} paid, {self.refund_fen} back"
        return f"{self.state}: {' and '.join(wrong)} not as booked ({booked})"


def unproved(day: date | None = None) -> list[Unproved]:
    """Every settlement whose sums are wrong; of those that had something to do with the day, or of all."""
    begin, end = bounds(day) if day else (None, None)
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS.format(which=_OF_THE_DAY if day else "true"), {"begin": begin, "end": end})
        return [Unproved(*row) for row in cursor.fetchall()]
