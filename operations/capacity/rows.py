"""What patients leave in the database: rows, and the bytes of them with indexes and long values.

Rows: counted; a test carries patients through and compares. Bytes a row: `pg_total_relation_size` / rows of each table
after a run of `bin/bench plan` with 3,000 patients, the space of updated rows included.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

Rows = Mapping[str, int]


class Step(StrEnum):
    """What a patient has come through."""

    BOOKED = "booked"
    FILED = "filed"
    JOINED = "joined"
    PRICED = "priced"
    INSURED = "insured"
    SELF_PAY = "self_pay"
    PAID = "paid"
    INSURED_TOLD = "insured_told"
    SELF_PAY_TOLD = "self_pay_told"


A_STEP: Mapping[Step, Rows] = {
    Step.BOOKED: {
        "hospital_appointment": 1,
        "hospital_archive": 1,
        "hospital_charge": 2,
        "hospital_idempotentrequest": 1,
        "hospital_journal": 2,
    },
    Step.FILED: {"hospital_card": 1, "hospital_journal": 3, "hospital_masterrecord": 1, "hospital_notice": 1},
    Step.JOINED: {"hospital_journal": 1, "insurance_trial": 1},
    Step.PRICED: {"hospital_journal": 4, "hospital_notice": 1, "insurance_interfacecall": 5, "insurance_visit": 1},
    Step.INSURED: {
        "hospital_idempotentrequest": 1,
        "hospital_journal": 4,
        "insurance_interfacecall": 1,
        "insurance_ledgerentry": 4,
        "insurance_settlement": 1,
    },
    Step.SELF_PAY: {"hospital_idempotentrequest": 1, "hospital_journal": 2, "insurance_settlement": 1},
    Step.PAID: {"hospital_journal": 5, "insurance_ledgerentry": 1, "insurance_paymentorder": 1},
    Step.INSURED_TOLD: {"hospital_journal": 5, "hospital_notice": 1, "insurance_interfacecall": 2},
    Step.SELF_PAY_TOLD: {"hospital_journal": 5, "hospital_notice": 1, "insurance_interfacecall": 1},
}
"""With an Idempotency-Key on booking and settling, as the patients' pages send it, and two fee lines."""

BYTES_A_ROW: Mapping[str, float] = {
    "hospital_appointment": 276,
    "hospital_archive": 863,
    "hospital_card": 374,
    "hospital_charge": 157,
    "hospital_idempotentrequest": 434,
    "hospital_journal": 149,
    "hospital_masterrecord": 461,
    "hospital_notice": 296,
    "insurance_interfacecall": 1730,
    "insurance_ledgerentry": 343,
    "insurance_paymentorder": 317,
    "insurance_settlement": 623,
    "insurance_trial": 740,
    "insurance_visit": 1062,
}


def of(steps: Mapping[Step, float]) -> Counter[str]:
    """Rows by table, of so many patients for each step."""
    found: Counter[str] = Counter()
    for step, patients in steps.items():
        for table, rows in A_STEP[step].items():
            found[table] += round(rows * patients)
    return found


def size(rows: Mapping[str, int]) -> float:
    """Bytes of so many rows."""
    return sum(count * BYTES_A_ROW[table] for table, count in rows.items())
