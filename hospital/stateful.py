"""Rows with a state, rows that wait for somebody to work on them, and the journal of every change."""

from collections.abc import Mapping
from typing import ClassVar, Self

from django.apps import apps
from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Stateful(models.Model):
    """A row with a state that only `hospital.worklist` changes."""

    MOVES: ClassVar[Mapping[str, frozenset[str]]]
    state: "models.CharField[str, str]"
    attempt = models.PositiveIntegerField(_("attempt"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        abstract = True

    def moved(self, came_from: str) -> None:
        """What hangs on the state and must change in the same transaction. Called for every move there is."""


class WorkItem(Stateful):
    """A row that waits for somebody to work on it."""

    due_at = models.DateTimeField(_("due at"), db_default=Now(), editable=False)
    leased_until = models.DateTimeField(_("leased until"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, default="", editable=False)

    class Meta:
        abstract = True

    @classmethod
    def due(cls, *states: str) -> QuerySet[Self]:
        """The rows of these states whose time has come."""
        return cls._default_manager.filter(state__in=states, due_at__lte=Now())


class Journal(models.Model):
    """Every change of every state, append-only."""

    kind = models.CharField(_("kind"), max_length=40)
    item_id = models.BigIntegerField(_("item"))
    from_state = models.CharField(_("from"), max_length=20)
    to_state = models.CharField(_("to"), max_length=20)
    attempt = models.PositiveIntegerField(_("attempt"))
    reason = models.CharField(_("reason"), max_length=300, default="")
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        app_label = "hospital"
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        indexes = [models.Index(fields=["kind", "item_id"], name="journal_item")]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}: {self.from_state} → {self.to_state}"


def kinds() -> list[str]:
    """What stands in the journal, by name."""
    return [str(model._meta.model_name) for model in _stateful()]


def states() -> set[str]:
    """Every state that one of them may come into."""
    return {state for model in _stateful() for state in model.MOVES}


def _stateful() -> list[type[Stateful]]:
    return [model for model in apps.get_models() if issubclass(model, Stateful) and not model._meta.proxy]
