"""The staff roles to begin with (`manage.py staff_roles`): group → permissions. Staff change them in the admin."""

_SEE = (
    *(f"insurance.view_{name}" for name in ("settlement", "decision", "trial", "paymentorder", "refund")),
    *(f"insurance.view_{name}" for name in ("ledgerentry", "interfacecall", "insurer", "quota", "line")),
    *(f"hospital.view_{name}" for name in ("journal", "change")),
)
_ACT = ("insurance.change_settlement", "insurance.change_trial", "insurance.add_decision")

ROLES = {
    "clerk": (*_SEE, *_ACT),
    "supervisor": (*_SEE, *_ACT, "insurance.approve_decision", "insurance.change_insurer"),
}
"""A clerk looks, asks again and proposes; a supervisor may do that too, and approves what another has proposed."""
