"""What staff change while the system runs: who, when, what, from what to what, and why. Append-only."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.errors import Invalid
from hospital.identity import is_id_number

SYSTEM = "system"
COMMAND_LINE = "command line"

PERSONAL_DATA = "personal data"
"""The field of a change that changes nothing: somebody has seen it."""

SHOWN, EXPORTED, ERASED = ACCESSES = ("shown", "exported", "erased")
"""What was done with it."""

MOST_CHARACTERS = 2_000

_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z])")
_EIGHTEEN = re.compile(r"(?=([1-9][0-9]{16}[0-9Xx]))")

Who = User | AnonymousUser | str | None
"""An account, as a request has it; in words, somebody without one (at the command line); None: the system by itself."""


class Change(models.Model):
    """One change of something that staff may change. `who_name` stays when the account goes."""

    at = models.DateTimeField(_("at"), db_default=Now())
    who = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("account"))
    who_name = models.CharField(_("who"), max_length=150)
    subject = models.CharField(_("subject"), max_length=60)
    field = models.CharField(_("field"), max_length=40)
    before = models.TextField(_("before"))
    after = models.TextField(_("after"))
    why = models.TextField(_("why"))

    class Meta:
        app_label = "hospital"
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [
            models.Index(fields=["subject", "id"], name="change_subject"),
            models.Index(fields=["-id"], condition=models.Q(field=PERSONAL_DATA), name="change_access"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.field}: {self.before} → {self.after}"


class Accesses(models.Manager["Access"]):
    """Nothing else of what staff did."""

    def get_queryset(self) -> models.QuerySet["Access"]:
        return super().get_queryset().filter(field=PERSONAL_DATA)


class Access(Change):
    """Somebody has seen a patient's data whole, or has taken them out: a page of its own, for the auditor."""

    objects: ClassVar[Accesses] = Accesses()

    class Meta:
        app_label = "hospital"
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("access to personal data")
        verbose_name_plural = _("accesses to personal data")


def record(
    subject: str, field: str, before: object, after: object, *, who: Who, why: str, is_clean: bool = False
) -> Change:
    """Write a change down, in the transaction that makes it. `is_clean`: `why` is put together of what was cleaned.

    Raises `Invalid("no_reason")` when a person gives none, and as `clean` where it holds what must not be kept.
    """
    if who is not None and not why.strip():
        raise Invalid("no_reason", _("Say why: it is kept with the change."))
    return Change.objects.create(
        who=who if isinstance(who, User) else None,
        who_name=_name_of(who),
        subject=subject,
        field=field,
        before=str(before),
        after=str(after),
        why=why.strip() if who is None or is_clean else clean(why),
    )


def clean(text: str) -> str:
    """What a person typed, as it may be kept. Raises `Invalid("personal_data" | "too_long")`."""
    text = text.strip()
    if len(text) > MOST_CHARACTERS:
        raise Invalid("too_long", _("Keep it shorter: %(most)s characters at most.") % {"most": MOST_CHARACTERS})
    if any(is_id_number(found.upper(), today=timezone.localdate()) for found in _EIGHTEEN.findall(text)):
        raise Invalid("personal_data", _("Leave the ID number out: the case's number is enough."))
    if _PHONE.search(text):
        raise Invalid("personal_data", _("Leave the phone number out: the case's number is enough."))
    return text


def require_unnamed(name: str, *texts: str) -> None:
    """Raises `Invalid("personal_data")` where a text names the patient whom it is about."""
    if len(name) > 1 and any(name in text for text in texts):
        raise Invalid("personal_data", _("Leave the patient's name out: the case's number is enough."))


def record_all(subject: str, row: models.Model, wanted: Mapping[str, Any], *, who: Who, why: str) -> dict[str, Any]:
    """The fields of `row` that are to become others, each written down. Raises as `record`."""
    changing = {field: value for field, value in wanted.items() if getattr(row, field) != value}
    for field, value in changing.items():
        record(subject, field, getattr(row, field), value, who=who, why=why)
    return changing


def require_within(name: object, value: int, least: int, most: int) -> None:
    """Raises `Invalid("out_of_bounds")` with the bounds."""
    if not least <= value <= most:
        bounds = {"name": name, "least": least, "most": most}
        raise Invalid("out_of_bounds", _("%(name)s must be between %(least)s and %(most)s.") % bounds)


def _name_of(who: Who) -> str:
    if who is None:
        return SYSTEM
    return who if isinstance(who, str) else who.get_username()
