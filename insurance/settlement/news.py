"""The insurer says of its own accord what has become of an order (6302). It is a reason to ask, and never believed.

What is signed and about an order of ours is written down, once for each state that it tells, and a settlement of which
nothing is known is asked about now instead of later (docs/mobile.md).
"""

import time

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import worklist
from hospital.errors import Forbidden, Invalid, NotFound
from insurance.calls.models import InterfaceCall
from insurance.interface.calling import Outcome
from insurance.interface.dialects.mobile import callbacks
from insurance.interface.exchange import OrderNews
from insurance.quota import access, directory, lanes
from insurance.quota.exchange import dialect, new_msgid
from insurance.quota.lanes import Lane
from insurance.settlement.models import Settlement
from insurance.settlement.standing import purpose
from insurance.states import SettlementState
from insurance.trial.models import InsurerOrder

KEY = "callback_secret"


def hear(insurer: str, body: bytes, signature: str) -> None:
    """One callback. Raises `Forbidden("bad_signature")`, `Invalid("bad_callback")`, `NotFound("no_such_order")`."""
    if not _is_genuine(insurer, body, signature):
        raise Forbidden("bad_signature", _("The signature is wrong or too old."))
    news = _read(insurer, body)
    settlement = _settlement_of(insurer, news)
    if settlement is not None and _is_new(settlement, insurer, news, body) and news.is_worth_asking:
        _ask_soon(settlement)


def _is_genuine(insurer: str, body: bytes, signature: str) -> bool:
    """Of an insurer that is not there, or with which no secret was agreed on, nothing is."""
    keys = directory.terms(insurer).keys if directory.is_there(insurer) else {}
    return KEY in keys and callbacks.is_genuine(access.resolved(keys[KEY]), signature, body, time.time())


def _read(insurer: str, body: bytes) -> OrderNews:
    read = dialect(insurer).order_news
    try:
        if read is None:
            raise ValueError("this insurer opens no orders")
        return read(body)
    except ValueError as error:
        raise Invalid("bad_callback", _("The callback lacks a field or cannot be read.")) from error


def _settlement_of(insurer: str, news: OrderNews) -> Settlement | None:
    """The newest of the order's appointment; None of an order that nobody has accepted."""
    if not InsurerOrder.objects.filter(number=news.number).exists():
        raise NotFound("no_such_order", _("There is no such order."))
    found = Settlement.objects.filter(appointment__visit__orders__number=news.number, insurer=insurer)
    return found.order_by("-pk").first()


def _is_new(settlement: Settlement, insurer: str, news: OrderNews, body: bytes) -> bool:
    """Written down among its messages; what was told before is not, so that nobody makes us ask for ever."""
    note = f"{news.number} {news.state}"
    told = InterfaceCall.objects.filter(purpose=purpose(settlement), infno=callbacks.INFNO, note=note)
    if told.exists():
        return False
    InterfaceCall.objects.create(
        msgid=new_msgid(insurer),
        infno=callbacks.INFNO,
        insurer=insurer,
        lane=Lane.RECOVERY,
        purpose=purpose(settlement),
        request=body.decode(),
        outcome=Outcome.ANSWERED,
        note=note,
        answered_at=Now(),
    )
    return True


def _ask_soon(settlement: Settlement) -> None:
    """One that is being asked about at this moment is left alone: it is asked again by the plan, if need be."""
    with transaction.atomic():
        unknown = Settlement.objects.filter(pk=settlement.pk, state=SettlementState.UNKNOWN)
        if worklist.bring_forward(unknown):
            lanes.ask_for_turn(Lane.RECOVERY, settlement.insurer)
