"""The staff roles to begin with (`manage.py staff_roles`): group → permissions. Staff change them in the admin.

`docs/roles.md` says in a table what each of them may do; a test compares the two.
"""


def _may(action: str, *models: str) -> tuple[str, ...]:
    """`view`, `add`, … for models written as app.model."""
    return tuple(f"{app}.{action}_{model}" for app, _dot, model in (name.partition(".") for name in models))


_OVERVIEW = _may("view", "insurance.insurer", "insurance.quota", "insurance.line")
_PATIENTS = _may("view", "hospital.appointment", "hospital.archive", "hospital.notice", "insurance.trial")
_MONEY = _may(
    "view",
    *("insurance.settlement", "insurance.decision", "insurance.paymentorder", "insurance.refund"),
    *("insurance.ledgerentry", "insurance.interfacecall"),
)
_KEPT = _may("view", "hospital.journal", "hospital.change")
_PLANS = ("hospital.session", "hospital.weeklyplan", "hospital.holiday")
_HOUSE = ("hospital.department", "hospital.doctor", "hospital.pricelist", "hospital.masterrecord")
_BOOKS = ("insurance.daybook", "insurance.difference")
_INTERFACE = (
    *("insurance.maintenancewindow", "insurance.limitchange", "insurance.permit", "insurance.clockstep"),
    *("insurance.lineday", "insurance.visit", "hospital.tuning"),
)

_ERASURE = ("hospital.view_erasure", "hospital.add_erasure")

_LOOK = (*_OVERVIEW, *_PATIENTS, *_MONEY, *_KEPT)
_ACT = ("insurance.change_settlement", "insurance.change_trial", "insurance.add_decision")

ROLES = {
    "clerk": (*_LOOK, *_ACT),
    "supervisor": (
        *_LOOK,
        *_ACT,
        *_ERASURE,
        *("insurance.approve_decision", "insurance.change_insurer", "hospital.erase_patient"),
    ),
    "registrar": (
        *_OVERVIEW,
        *_PATIENTS,
        *_may("view", *_PLANS, *_HOUSE),
        *_may("add", *_PLANS),
        *_may("change", *_PLANS),
        *_may("delete", "hospital.weeklyplan", "hospital.holiday"),
        *_ERASURE,
        *("hospital.reveal_archive", "hospital.change_notice", "hospital.change_appointment"),
    ),
    "cashier": (*_LOOK, "insurance.change_settlement", "insurance.add_decision"),
    "finance": (
        *_LOOK,
        *_may("view", *_BOOKS),
        *_may("change", *_BOOKS),
        "insurance.close_daybook",
        "insurance.approve_decision",
    ),
    "operator": (
        *_LOOK,
        *_may("view", *_INTERFACE),
        *_may("change", "insurance.insurer", "insurance.quota", "insurance.line", "hospital.tuning"),
        *_may("add", "insurance.maintenancewindow", "insurance.line"),
        *("insurance.delete_maintenancewindow", "insurance.change_settlement", "hospital.change_notice"),
    ),
    "auditor": (
        *_LOOK,
        *_may("view", "hospital.access", "hospital.erasure", *_PLANS, *_HOUSE, *_BOOKS, *_INTERFACE),
        *_may("view", "auth.user", "auth.group"),
    ),
}
"""A clerk looks, asks again and proposes; a supervisor may do that too, and approves what another has proposed. The
registrar has the seats and the records, the cashier the payments, finance the books and the second signature, the
operator the interface; the auditor looks at everything and changes nothing."""
