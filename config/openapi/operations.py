"""What the schema tells of each call beyond its shapes: an example to send, one for each answer, and every code.

A call that is not in here has no example: `tests/integration/test_openapi.py` says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from config.openapi import examples

IDEMPOTENT = ("idempotency_key_invalid", "idempotency_key_reused")


@dataclass(frozen=True)
class Told:
    """`answers`: status → example (None: no body). `codes`: what this call may be refused for, beyond what any may."""

    answers: Mapping[int, Any]
    sent: Any = None
    codes: tuple[str, ...] = ()
    limited: bool = False
    headers: tuple[str, ...] = field(default=())


TOLD: Mapping[str, Told] = {
    "accounts_create": Told(
        {201: {"id": 96, "username": "zhang.san"}},
        sent=examples.ACCOUNT,
        codes=("bad_id_number", "bad_username", "weak_password", "username_taken"),
        limited=True,
    ),
    "accounts_export_retrieve": Told({200: examples.EXPORT}, codes=("patients_only",), limited=True),
    "token_create": Told(
        {200: examples.PAIR},
        sent={name: examples.ACCOUNT[name] for name in ("username", "password")},
        codes=("no_active_account",),
        limited=True,
    ),
    "token_refresh_create": Told(
        {200: examples.PAIR},
        sent={"refresh": examples.REFRESH},
        codes=("token_not_valid", "authentication_failed"),
        limited=True,
    ),
    "token_revoke_create": Told({204: None}, sent={"refresh": examples.REFRESH}, limited=True),
    "token_revoke_all_create": Told({204: None}, limited=True),
    "sessions_list": Told({200: [examples.SESSION]}, codes=("invalid",), headers=("Link",)),
    "appointments_list": Told({200: [examples.APPOINTMENT_LINE]}, codes=("invalid",), headers=("Link",)),
    "appointments_create": Told(
        {201: examples.BOOKED},
        sent=examples.BOOKING,
        codes=(
            *("patients_only", "bad_card", "no_insurer"),
            *("no_such_session", "session_full", "session_over", "already_booked"),
            *IDEMPOTENT,
        ),
        limited=True,
        headers=("Location",),
    ),
    "appointments_retrieve": Told({200: examples.APPOINTMENT}, codes=("no_such_appointment",), headers=("ETag",)),
    "appointments_destroy": Told({204: None}, codes=("no_such_appointment", "not_cancellable", "already_settling")),
    "appointments_follow_link_create": Told(
        {201: {"url": examples.FOLLOW_URL}},
        codes=("patients_only", "no_such_appointment", "appointment_over"),
        limited=True,
    ),
    "appointments_follow_link_destroy": Told({204: None}, codes=("patients_only", "no_such_appointment")),
    "appointments_charges_update": Told(
        {200: {"charges": examples.CHARGES, "total_fen": 3052}},
        sent=examples.CHARGES_INPUT,
        codes=("permission_denied", "no_such_appointment", "appointment_over", "already_settling"),
    ),
    "appointments_trials_create": Told(
        {202: examples.TRIAL},
        sent={},
        codes=(
            *("no_such_appointment", "appointment_over", "archive_rejected", "not_told_yet", "line_full"),
            *("already_settling", "trial_frozen", "staff_only", "no_reason", "not_waiting", "already_urgent"),
        ),
        limited=True,
        headers=("Location",),
    ),
    "notices_list": Told({200: [examples.NOTICE]}, codes=("invalid",)),
    "line_retrieve": Told({200: examples.LINE}, headers=("ETag",)),
    "trials_retrieve": Told({200: examples.PRICED}, codes=("no_such_trial",), headers=("ETag",)),
    "trials_settlements_create": Told(
        {202: examples.OPENED},
        sent={"mode": "insurance"},
        codes=(
            *("no_such_trial", "already_settling", "trial_expired", "trial_superseded", "trial_not_priced"),
            *("newer_trial", "trial_not_waiting", "interface_up", "appointment_over"),
            *("credential_needed", "no_claim_with_credential"),
            *IDEMPOTENT,
        ),
        limited=True,
        headers=("Location",),
    ),
    "settlements_retrieve": Told({200: examples.SETTLEMENT}, codes=("no_such_settlement",), headers=("ETag",)),
    "settlements_destroy": Told(
        {202: examples.OPENED | {"state": "reversed"}},
        codes=("no_such_settlement", "already_settled"),
        limited=True,
    ),
    "settlements_credential_update": Told(
        {200: examples.SETTLEMENT_IN_LINE},
        sent={"credential": examples.CREDENTIAL},
        codes=("no_such_settlement", "permission_denied", "credential_needed", "no_credential_wanted"),
        limited=True,
    ),
    "payments_notify_create": Told(
        {200: {"received": True}},
        sent=examples.CALLBACK,
        codes=("bad_signature", "no_such_order", "amounts_differ", "bad_callback"),
    ),
    "insurers_callback_create": Told(
        {200: {"received": True}},
        sent=examples.ORDER_NEWS,
        codes=("bad_signature", "no_such_order", "bad_callback"),
    ),
}

TAGS = (
    ("accounts", "Sign up; everything that is held about oneself."),
    ("token", "Sign in, stay signed in, sign out."),
    ("sessions", "What can be booked."),
    ("appointments", "Book, follow and cancel; the charges and the place in the line."),
    ("notices", "What the patient was told."),
    ("line", "How long everybody waits."),
    ("trials", "The place in the line, the bill, and the choice of how to settle."),
    ("settlements", "How far the settlement is."),
    ("payments", "For the payment institution alone."),
    ("insurers", "For the insurers alone."),
)
