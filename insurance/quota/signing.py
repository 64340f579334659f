"""The day's sign-in, where every message names one (protocol 3.14, 6.1): made before the first message of a day.

It is kept where every message is: in the answer to the last sign-in of the day that was answered. Two that are made at
once do no harm, since the messages name the one they go by.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from insurance.calls.models import InterfaceCall
from insurance.interface.client import InsuranceClient, Outcome
from insurance.interface.exchange import Dialect, Reply
from insurance.interface.profile import Operation, Profile

log = logging.getLogger(__name__)

_known: dict[str, tuple[date, str]] = {}
"""By insurer: the day, and its sign-in ("": it is not in force any more, and has to be made anew)."""


def signed_in(
    insurer: str, dialect: Dialect, profile: Profile, client: Callable[[Profile], InsuranceClient]
) -> Profile:
    """The profile with today's sign-in, which is made if there is none. Raises `InterfaceError`."""
    if not dialect.signs_in:
        return profile
    today = timezone.localdate()
    day, number = _known.get(insurer, (None, ""))
    if day != today:
        number = number_of(insurer, today, dialect, profile)
    if not number:
        number = client(profile).sign_in()
        log.info("signed in at %s", insurer)
    _known[insurer] = today, number
    return replace(profile, sign_no=number)


def number_of(insurer: str, day: date, dialect: Dialect, profile: Profile) -> str:
    """The last sign-in of a day, as the insurer answered it; "" if there was none."""
    if dialect.sign_in is None:
        return ""
    begin = timezone.make_aware(datetime.combine(day, time.min))
    asked = InterfaceCall.objects.filter(insurer=insurer, infno=profile.infno(Operation.SIGN_IN))
    that_day = asked.filter(sent_at__gte=begin, sent_at__lt=begin + timedelta(days=1), outcome=Outcome.ANSWERED)
    call = that_day.order_by("-sent_at").first()
    return dialect.sign_in.decode(None, Reply(200, {}, call.reply.encode())) if call else ""


def forget(insurer: str) -> None:
    """The insurer does not know it any more: the next turn makes another one."""
    _known[insurer] = timezone.localdate(), ""
