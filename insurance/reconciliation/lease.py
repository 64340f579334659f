"""How long the book of a day is held by whoever compares it."""

from datetime import date, timedelta

from django.db.models.functions import Now

from insurance.reconciliation.models import DayBook

LEASE_SECONDS = 900


def renew(day: date) -> None:
    """Somebody is still at it. Nothing for a book that nobody holds."""
    until = Now() + timedelta(seconds=LEASE_SECONDS)
    DayBook.objects.filter(day=day, leased_until__gt=Now()).update(leased_until=until)
