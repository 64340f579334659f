"""What differs, in people's words."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from insurance.reconciliation.rules import Class, Movement, Remedy, Says

Words = Mapping[str, object]

CLASSES: Words = {
    Class.ONLY_OURS: _("only in our book"),
    Class.ONLY_THEIRS: _("only in theirs"),
    Class.AMOUNT: _("another amount"),
    Class.STATE: _("another state"),
    Class.TIME_SHIFT: _("on another day"),
}
MOVEMENTS: Words = {
    Movement.SETTLED: _("settled"),
    Movement.UNDONE: _("undone"),
    Movement.PAID: _("paid"),
    Movement.REFUNDED: _("given back"),
    Movement.STANDING: _("our ledger"),
    Movement.TOTAL: _("totals"),
}
SAYS: Words = {
    Says.NOTHING: "",
    Says.UNDER_WAY: _("still under way"),
    Says.NOT_PAID: _("not paid"),
    Says.WITHOUT_EFFECT: _("ended, nothing is to stand"),
    Says.ANOTHER: _("another message counts"),
    Says.COUNTS: _("this one counts"),
    Says.PERSON: _("needs a person"),
}
REMEDIES: Words = {
    Remedy.REVERSE: _("reverse it at the insurer"),
    Remedy.TAKE_BACK: _("take it back at the insurer"),
    Remedy.GO_ON: _("it goes on by itself"),
    Remedy.LEARN: _("ask about the order"),
    Remedy.ASK: _("ask, then a person"),
    Remedy.NOTE: _("closes by itself"),
    Remedy.STAFF: _("a person"),
}
"""What is done about it."""
