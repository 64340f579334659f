"""The front page: what happens here, and how long the line is now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from insurance.quota import gate, insurers, permits
from insurance.quota.lanes import Lane
from insurance.trial import line


def home(request: HttpRequest) -> HttpResponse:
    """Public; knows nobody."""
    quota = permits.quota_of(Lane.TRIAL)
    closed = gate.why_closed(insurers.default())
    facts = {
        "waiting": line.waiting(),
        "per_minute": quota.in_force if quota else None,
        "closed": gate.in_words(closed) if closed else None,
        "eta_minutes": -(-line.place_of_next().eta_seconds // 60),
    }
    return render(request, "home.html", facts)
