"""9001 once a day (protocol 3.14): one worker signs in and all use its number. A number is good for the centre's day.

Claimed, called and recorded as everything that goes over the wire: no transaction is open while the insurer is asked.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from insurance.calls.models import InterfaceCall
from insurance.interface.calling import Outcome
from insurance.interface.errors import InterfaceError, NotSent, NotWritable, Throttled
from insurance.interface.exchange import Dialect, Reply
from insurance.interface.profile import Operation, Profile
from insurance.interface.times import CENTRE_TIME
from insurance.quota.models import Insurer

log = logging.getLogger(__name__)

CLAIMED_SECONDS = 30
"""Longer than a call may take; then whoever claimed it has died."""


def number(insurer_id: int, sign_in: Callable[[], str]) -> str:
    """The day's sign_no; `sign_in` is called when there is none yet.

    Raises `Throttled`, and `NotSent` when it cannot be had now: what was to be said has not been said.
    """
    today = datetime.now(CENTRE_TIME).date()
    row = Insurer.objects.values("sign_no", "signed_in_on").get(pk=insurer_id)
    if row["sign_no"] and row["signed_in_on"] == today:
        return str(row["sign_no"])
    if not _claimed(insurer_id, row):
        raise NotSent("another worker is signing in")
    try:
        found = sign_in()
    except InterfaceError as error:
        Insurer.objects.filter(pk=insurer_id).update(signing_in_until=None)
        if isinstance(error, Throttled):
            raise
        if isinstance(error, NotWritable):
            _tell_of_the_settings(insurer_id, error)
        raise NotSent(f"not signed in: {error}") from error
    Insurer.objects.filter(pk=insurer_id).update(sign_no=found, signed_in_on=today, signing_in_until=None)
    return found


def _tell_of_the_settings(insurer_id: int, error: NotWritable) -> None:
    """Whoever waits goes on waiting: a sign-in names nobody and says only what our settings say."""
    name = Insurer.objects.values_list("name", flat=True).get(pk=insurer_id)
    log.error("nobody signs in at insurer %s until its settings are corrected (docs/profiles.md): %s", name, error)


def number_of(insurer: str, day: date, dialect: Dialect, profile: Profile) -> str:
    """The last sign-in of a day, as the insurer answered it; "" if there was none."""
    if dialect.sign_in is None:
        return ""
    begin = timezone.make_aware(datetime.combine(day, time.min))
    asked = InterfaceCall.objects.filter(insurer=insurer, infno=profile.infno(Operation.SIGN_IN))
    that_day = asked.filter(sent_at__gte=begin, sent_at__lt=begin + timedelta(days=1), outcome=Outcome.ANSWERED)
    call = that_day.order_by("-sent_at").first()
    return dialect.sign_in.decode(None, Reply(200, {}, call.reply.encode())) if call else ""


def forget(insurer_id: int, refused: str) -> None:
    """This number was refused. Another one, which a worker has got meanwhile, stays."""
    Insurer.objects.filter(pk=insurer_id, sign_no=refused).update(sign_no="")


def _claimed(insurer_id: int, seen: Mapping[str, Any]) -> bool:
    """Only while it is as it was seen: whoever looked before another worker had signed in must not do so once more."""
    free = Q(signing_in_until=None) | Q(signing_in_until__lt=Now())
    until = Now() + timedelta(seconds=CLAIMED_SECONDS)
    return Insurer.objects.filter(free, pk=insurer_id, **seen).update(signing_in_until=until) == 1
