"""The front page: how long the line is now for visitors, their own appointments for patients."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.pages import guard, words
from hospital.models import Appointment, Patient
from insurance.quota import directory, gate, insurers, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from insurance.trial import line

LATEST = 50
"""So many appointments are listed."""


@guard.page
def home(request: HttpRequest) -> HttpResponse:
    """Public; a patient who is signed in finds the own appointments."""
    patient = guard.patient_of(request)
    if patient is not None:
        return render(request, "pages/appointments.html", {"patient": patient, "appointments": _latest(patient)})
    return render(request, "pages/home.html", {"lines": [_line(insurer) for insurer in insurers.everyone()]})


def _line(insurer: Insurer) -> dict[str, Any]:
    quota = permits.quota_of(Lane.TRIAL, insurer)
    place, closed = line.place_of_next(insurer), gate.why_closed(insurer)
    return {
        "insurer": directory.title(insurer.name),
        "waiting": line.waiting(insurer),
        "per_minute": quota.in_force if quota else None,
        "closed": gate.in_words(closed) if closed else None,
        "wait": words.wait(place.eta_low_seconds, place.eta_high_seconds),
    }


def _latest(patient: Patient) -> list[Appointment]:
    seats = Appointment.objects.filter(patient=patient).select_related("session__doctor__department")
    return list(seats.order_by("-pk")[:LATEST])
