"""The signed statement as a page to print: Chinese first, English beside it, from nothing but the statement itself."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.template.loader import render_to_string

from insurance.quota import curve, sealing
from insurance.quota.curve import Drawing
from insurance.quota.sealing import Body

SIDE_BY_SIDE = 3
"""Hours stand in so many blocks beside each other."""

TICK_HOURS = 3

NAMES = {"trial": "医保试算", "settlement": "医保结算", "shared": "试算与结算共用"}


def page(statement: bytes) -> str:
    """A self-contained HTML page."""
    sealed = json.loads(statement)
    body = sealed["body"]
    shown = {
        "body": body,
        "day": datetime.fromisoformat(body["from"]),
        "made_at": datetime.fromisoformat(body["made_at"]),
        "until": datetime.fromisoformat(body["until"]),
        "quotas": [_quota(each, body) for each in body["quotas"]],
        "clock_steps": [{**step, "at": datetime.fromisoformat(step["at"])} for step in body["clock_steps"]],
        "signature": sealed["signature"],
        "public_key": sealed["public_key"],
        "digest": hashlib.sha256(sealing.canonical(body)).hexdigest(),
    }
    return render_to_string("insurance/statement.html", shown)


def digest_of_style(page: str) -> str:
    """Base64 SHA-256 of the style in the page, as a content security policy names it."""
    style = page.partition("<style>")[2].partition("</style>")[0]
    return b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _quota(quota: Body, body: Body) -> dict[str, Any]:
    ended_at, gap = quota["worst_ended_at"], quota["shortest_gap_milliseconds"]
    return {
        **quota,
        "chinese": NAMES.get(quota["name"], quota["name"]),
        "worst_ended_at": ended_at and datetime.fromisoformat(ended_at),
        "shortest_gap_seconds": None if gap is None else f"{gap / 1000:.3f}",
        "limits": [{**change, "at": datetime.fromisoformat(change["at"])} for change in quota["limits"]],
        "hours": _blocks([{**hour, "from": datetime.fromisoformat(hour["from"])} for hour in quota["hours"]]),
        "drawing": _drawing(quota, body) if quota["curve"]["levels"] else None,
    }


def _blocks(hours: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows of hours, so that time runs downwards in each block."""
    rows = -(-len(hours) // SIDE_BY_SIDE)
    return list(zip_longest(*(hours[place : place + rows] for place in range(0, len(hours), rows or 1))))


def _drawing(quota: Body, body: Body) -> Drawing:
    begin = datetime.fromisoformat(body["from"]).timestamp()
    seconds, levels = quota["curve"]["column_seconds"], quota["curve"]["levels"]
    limit = [(datetime.fromisoformat(change["at"]).timestamp(), change["in_force"]) for change in quota["limits"]]
    hours = [datetime.fromisoformat(hour["from"]) for hour in quota["hours"]]
    times = [(hour.timestamp(), f"{hour:%H:%M}") for hour in hours[::TICK_HOURS]]
    return curve.drawing(curve.columns(begin, seconds, levels), limit, begin + seconds * len(levels), times)
