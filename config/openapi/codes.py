"""The stable codes of the API's errors: status, and what to do, in the words with which they are answered."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

CODES: Mapping[str, tuple[int, Any]] = {
    # any call
    "malformed": (400, _("The body is not valid JSON.")),
    "not_authenticated": (401, exceptions.NotAuthenticated.default_detail),
    "token_not_valid": (401, "Token is invalid"),
    "authentication_failed": (401, "The user's password has been changed."),
    "not_found": (404, _("There is nothing here.")),
    "too_large": (413, _("The body is too large.")),
    "unsupported_media_type": (415, 'Unsupported media type "text/plain" in request.'),
    "invalid": (422, _("Some fields are wrong; see errors.")),
    "too_many_requests": (429, _("Too many requests. Please come back in {seconds} seconds.")),
    "internal_error": (500, _("Something went wrong on our side. Nothing was lost; please try again.")),
    "busy": (503, _("Very many people are here at this moment. Please try again in a few seconds.")),
    "database_away": (503, _("Please try again in a moment.")),
    "idempotency_key_invalid": (422, _("Idempotency-Key must have 1 to 100 characters.")),
    "idempotency_key_reused": (
        422,
        _("This Idempotency-Key was used for another request. Use a new key for a new request."),
    ),
    # accounts and tokens
    "bad_id_number": (422, _("This ID number cannot exist. Check all 18 characters.")),
    "bad_username": (422, _("Choose a user name that is not an ID number.")),
    "weak_password": (422, "This password is too common."),
    "username_taken": (409, _("This user name is taken. Choose another.")),
    "no_active_account": (401, "No active account found with the given credentials"),
    "patients_only": (403, _("Only a patient's account may do this.")),
    "staff_only": (403, _("Only staff may do this.")),
    "permission_denied": (403, exceptions.PermissionDenied.default_detail),
    # booking
    "bad_card": (422, _("This card number cannot exist. Check the type and the number.")),
    "no_insurer": (422, _("We cannot settle with the insurer of this region. Check the region.")),
    "no_such_session": (404, _("There is no such session.")),
    "session_full": (409, _("No seat is free in this session.")),
    "session_over": (409, _("This session is over.")),
    "already_booked": (409, _("You already have an appointment in this session.")),
    "no_such_appointment": (404, _("There is no such appointment.")),
    "not_cancellable": (409, _("This appointment is over or was cancelled before.")),
    "appointment_over": (409, _("This appointment is over or cancelled.")),
    # trial
    "archive_rejected": (409, _("The record could not be filed; see your notices. Correct it and book again.")),
    "not_told_yet": (409, _("The record is not filed yet. You will get a notice; then ask for the trial.")),
    "trial_frozen": (409, _("This trial is being checked by our staff.")),
    "line_full": (
        429,
        _("The line for insurance trials is full. Please come back in %(seconds)s seconds."),
    ),
    "no_reason": (422, _("Say why: it is kept with the change.")),
    "not_waiting": (409, _("This trial no longer waits for its turn.")),
    "already_urgent": (409, _("This trial stands in the line of urgent cases already.")),
    "no_such_trial": (404, _("There is no such trial.")),
    # settlement
    "already_settling": (409, _("The settlement of this appointment is under way.")),
    "trial_expired": (409, _("This trial is no longer valid. Ask for a new one.")),
    "trial_superseded": (
        409,
        _("What this bill was made from has changed. Ask for the trial again: your place in the line is kept."),
    ),
    "trial_not_priced": (409, _("There is no valid bill to settle. Look at the trial's state.")),
    "newer_trial": (409, _("There is a newer trial for this appointment. Settle that one.")),
    "trial_not_waiting": (409, _("Only a trial that waits in the line may be claimed later.")),
    "interface_up": (409, _("The insurance interface is open: wait for your turn in the line.")),
    "credential_needed": (422, _("Scan your electronic credential again: it is needed to settle.")),
    "no_credential_wanted": (409, _("This settlement waits for no electronic credential.")),
    "no_claim_with_credential": (409, _("With an electronic credential nothing can be claimed later.")),
    "no_such_settlement": (404, _("There is no such settlement.")),
    "already_settled": (409, _("This settlement is paid for. To have it taken back, ask the desk.")),
    # the payment institution
    "bad_signature": (403, _("The signature is wrong or too old.")),
    "bad_callback": (422, _("The callback lacks a field or cannot be read.")),
    "no_such_order": (404, _("There is no such order.")),
    "amounts_differ": (409, _("The amount is not that of the order.")),
}
