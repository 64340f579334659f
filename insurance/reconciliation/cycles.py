"""The end of a day's sign-in: once its totals agree it is signed out of (9110; protocol 6.1: compared first)."""

import logging
from collections.abc import Sequence
from datetime import date

from django.utils import timezone

from insurance.calls.models import InterfaceCall
from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import NotSignedIn
from insurance.interface.profile import Operation
from insurance.quota.exchange import dialect, profile, sign_no_of
from insurance.reconciliation import days
from insurance.reconciliation.speaking import OfficeBook, purpose_of, turn

log = logging.getLogger(__name__)


def end(day: date, insurer: str, offices: Sequence[OfficeBook]) -> None:
    """Nothing for a day that is not over, that differs, or that was signed out of. Raises `InterfaceError`."""
    number = sign_no_of(insurer, day)
    if dialect(insurer).sign_out is None or not number or any(office.wrong for office in offices):
        return
    in_use = number == sign_no_of(insurer, timezone.localdate())
    if in_use or not days.is_over(day, timezone.now()) or _is_ended(day, insurer):
        return
    try:
        turn(insurer, purpose_of(day), InsuranceClient.sign_out, sign_no=number)
    except NotSignedIn:
        log.info("%s: the cycle of %s is over: its end was not heard, or came by itself", insurer, day)


def _is_ended(day: date, insurer: str) -> bool:
    infno = profile(insurer).infno(Operation.SIGN_OUT)
    asked = InterfaceCall.objects.filter(purpose=purpose_of(day), insurer=insurer, infno=infno)
    return asked.filter(outcome=Outcome.ANSWERED).exists()
