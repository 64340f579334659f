"""Trials and the line over HTTP (contract: HTTP API)."""

import hashlib
import math
from dataclasses import fields
from typing import Any

from django.utils.cache import patch_cache_control
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hospital.appointments.access import appointment_to_change
from hospital.models import Appointment
from hospital.rest import StrictSerializer, limit_signed_in
from insurance.quota import gate, insurers, permits
from insurance.quota.gate import Reason
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from insurance.states import TrialState
from insurance.trial import admission, line, outlook, urgency
from insurance.trial.access import ASK, staff_of, trial_of
from insurance.trial.later import Later
from insurance.trial.models import Trial

_PASSES_BY_ITSELF = {"eta_seconds", "eta_low_seconds", "eta_high_seconds", "poll_after_seconds"}
_PLACE = [field.name for field in fields(line.Place)]
_PRICED = ("total_fen", "fund_fen", "account_fen", "cash_fen", "hospital_fen")


class TrialInput(StrictSerializer):
    """Nothing, or from staff: an urgent case, and why."""

    urgent = serializers.BooleanField(default=False)
    why = serializers.CharField(default="", allow_blank=True, max_length=300)


class TrialOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    appointment = serializers.IntegerField()
    state = serializers.ChoiceField(choices=[state.value for state in TrialState])
    held_back = serializers.BooleanField()
    ahead = serializers.IntegerField(required=False)
    eta_seconds = serializers.IntegerField(required=False)
    eta_low_seconds = serializers.IntegerField(required=False)
    eta_high_seconds = serializers.IntegerField(required=False)
    later_because = serializers.ChoiceField(choices=[reason.value for reason in Later], required=False)
    poll_after_seconds = serializers.IntegerField(required=False)
    total_fen = serializers.IntegerField(required=False)
    fund_fen = serializers.IntegerField(required=False)
    account_fen = serializers.IntegerField(required=False)
    cash_fen = serializers.IntegerField(required=False)
    hospital_fen = serializers.IntegerField(required=False)
    valid_until = serializers.DateTimeField(required=False)
    reason = serializers.CharField(required=False)


class StandOutput(serializers.Serializer[Any]):
    waiting = serializers.IntegerField()
    per_minute = serializers.IntegerField(allow_null=True)
    eta_seconds = serializers.IntegerField()
    eta_low_seconds = serializers.IntegerField()
    eta_high_seconds = serializers.IntegerField()
    open = serializers.BooleanField()
    closed_because = serializers.ChoiceField(choices=[reason.value for reason in Reason], allow_null=True)


class InsurersLineOutput(StandOutput):
    insurer = serializers.CharField()


class LineOutput(StandOutput):
    """The line of the hospital's own insurer, and those of all."""

    insurers = InsurersLineOutput(many=True)


class TrialsView(APIView):
    @extend_schema(request=TrialInput, responses={202: TrialOutput}, summary="Ask for a trial: a place in the line")
    def post(self, request: Request, pk: int) -> Response:
        limit_signed_in(request, "trial")
        appointment = appointment_to_change(request, pk, ASK)
        given = TrialInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        if asked["urgent"]:
            trial = urgency.enter(appointment, who=staff_of(request), why=asked["why"])
        else:
            trial = admission.enter(appointment)
        return Response(shown(trial), status=202, headers={"Location": f"/api/v1/trials/{trial.pk}/"})


class TrialView(APIView):
    @extend_schema(responses=TrialOutput, summary="The place in the line, then the bill")
    def get(self, request: Request, pk: int) -> Response:
        told, etag = seen(trial_of(request, pk))
        response = Response(told, headers={"ETag": etag})
        patch_cache_control(response, private=True, no_cache=True)
        return response


class LineView(APIView):
    """Public: nobody's data, everybody's line."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(responses=LineOutput, summary="How many wait, and how long it takes")
    def get(self, request: Request) -> Response:
        response = Response(line_now())
        patch_cache_control(response, public=True, max_age=1)
        return response


def line_now() -> dict[str, Any]:
    """The lines as everybody may see them: that of the hospital's own insurer, and all."""
    lines = [_line_of(insurer) for insurer in insurers.everyone()]
    own = {name: value for name, value in lines[0].items() if name != "insurer"}
    return {**own, "insurers": lines}


def _line_of(insurer: Insurer) -> dict[str, Any]:
    quota, closed = permits.quota_of(Lane.TRIAL, insurer), gate.why_closed(insurer)
    place = line.place_of_next(insurer)
    return {
        "insurer": insurer.name,
        "waiting": line.waiting(insurer),
        "per_minute": quota.in_force if quota else None,
        "eta_seconds": place.eta_seconds,
        "eta_low_seconds": place.eta_low_seconds,
        "eta_high_seconds": place.eta_high_seconds,
        "open": line.is_full(place.ahead, insurer) == 0,
        "closed_because": closed.reason.value if closed else None,
    }


def seen(trial: Trial) -> tuple[dict[str, Any], str]:
    """What is shown, and its ETag: weak, because seconds that pass by themselves are not news.

    Another state, place, told moment, reason or bill is; and so is a wait that has become clearly shorter: whoever
    looks when told to, after two thirds of it, is told anew; whoever looks sooner learns that nothing has changed.
    """
    told = shown(trial)
    facts = {name: value for name, value in told.items() if name not in _PASSES_BY_ITSELF}
    wait = told.get("eta_seconds", 0)
    version = repr((facts, trial.eta_at, int(math.log2(wait + 1))))
    return told, f'W/"{digest(version.encode())}"'


def digest(version: bytes) -> str:
    """Another one for another version."""
    return hashlib.blake2b(version, digest_size=12).hexdigest()


def shown(trial: Trial) -> dict[str, Any]:
    """A trial as its patient may see it."""
    told: dict[str, Any] = {"id": trial.pk, "appointment": trial.appointment_id, "state": trial.state}
    told["held_back"] = trial.held_back
    if trial.state in (TrialState.WAITING, TrialState.CALLING):
        place = line.place_of(trial, outlook.lately(line.insurer_id_of(trial)))
        told |= {name: value for name in _PLACE if (value := getattr(place, name)) != ""}
    if trial.total_fen is not None:
        told |= {name: getattr(trial, name) for name in _PRICED}
        told["valid_until"] = trial.valid_until.isoformat() if trial.valid_until else None
    if trial.refusal:
        told["reason"] = trial.refusal
    return told


def story(appointment: Appointment) -> dict[str, Any]:
    """The trials in the story of an appointment."""
    return {"trials": [shown(trial) for trial in appointment.trials.select_related("line").order_by("pk")]}
