"""The admin's first page: how it stands now, for whoever may see which part of it; and the same as a fragment."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET

from insurance.desk import pages
from operations import broker
from operations.metrics import lines
from operations.metrics.family import COUNTED_AT_MOST
from operations.overview import figures

REFRESH_SECONDS = 5
BROKER_SECONDS = 0.5
FRAGMENT = "admin/overview.html"

Whoever = User | AnonymousUser
Told = dict[str, Any]


def overview(request: HttpRequest, context: Told) -> Told:
    """What the admin's index shows besides the menu (`UNFOLD["DASHBOARD_CALLBACK"]`)."""
    return {**context, **of(request.user), "refresh_seconds": REFRESH_SECONDS}


@require_GET
def fragment(request: HttpRequest) -> HttpResponse:
    """The figures alone, for the script that puts them in place; 304 while they stay the same."""
    response = render(request, FRAGMENT, of(request.user))
    etag = quote_etag(sha256(response.content).hexdigest())
    response.headers["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


urls = [path("overview/", admin.site.admin_view(fragment), name="overview")]


def of(who: Whoever) -> Told:
    """Each part that this account may see."""
    parts = [part() for permission, part in PARTS if who.has_perm(permission)]
    return {name: value for part in parts for name, value in part.items()}


def _interface() -> Told:
    return {
        "interface": figures.interface_findings(),
        "flows": figures.flows(timezone.now()),
        "heartbeats": figures.heartbeats(),
        "ticks": figures.of_ticks(),
        "broker_up": broker.lately(BROKER_SECONDS).up,
    }


def _line() -> Told:
    waiting = lines.waiting()
    oldest = max((one.oldest_seconds for one in waiting if one.count), default=0)
    return {"lines": waiting, "in_line": sum(one.count for one in waiting), "oldest_wait_seconds": oldest}


def _doubts() -> Told:
    doubts = figures.in_doubt()
    return {"doubts": doubts, "in_doubt": sum(one.count for one in doubts)}


def _backlogs() -> Told:
    return {"backlogs": lines.backlogs(), "counted_at_most": COUNTED_AT_MOST}


def _money() -> Told:
    return {"ended": figures.ended_today(), "legs": figures.legs_today()}


PARTS: tuple[tuple[str, Callable[[], Told]], ...] = (
    ("insurance.view_insurer", _interface),
    ("insurance.view_line", _line),
    (pages.LOOK, _doubts),
    ("hospital.view_archive", _backlogs),
    ("insurance.view_settlement", _money),
)
"""Which permission opens which part."""
