"""Times as people write them for a command. Each raises `CommandError` that shows how it is to be written."""

from datetime import date, datetime

from django.core.management.base import CommandError
from django.utils.dateparse import parse_date, parse_datetime


def moment(text: str, option: str) -> datetime:
    """A time with its zone."""
    try:
        found = parse_datetime(text)
    except ValueError:  # the form is right, but there is no such day or hour
        found = None
    if found is None or found.tzinfo is None:
        raise CommandError(f"{option} must be an ISO 8601 time with zone, such as 2026-11-23T08:00:00+08:00")
    return found


def day(text: str, option: str) -> date:
    """A day."""
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"{option} must be a day, such as 2026-11-23")
    return found
