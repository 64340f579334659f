"""Settlements over HTTP (contract: HTTP API)."""

from typing import Any

from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hospital import idempotency
from hospital.appointments.access import in_the_place_of, is_staff_with
from hospital.errors import NotFound
from hospital.models import Appointment
from hospital.rest import IDEMPOTENCY_KEY, StrictSerializer, asker_id, limit_user
from insurance.settlement import claims, credentials, giving_up, opening
from insurance.settlement.claims import ClaimState
from insurance.settlement.models import CLAIM_LATER, WAYS, Mode, Settlement
from insurance.states import SettlementState
from insurance.trial.access import trial_of

LOOK, OPEN, GIVE_UP = "insurance.view_settlement", "insurance.add_settlement", "insurance.delete_settlement"
"""Of staff. At the desk two people undo a settlement (docs/desk.md): no role may give it up alone from here."""

CLAIM_POLL_SECONDS = 15
"""A claim waits for its turn in the line."""

_AMOUNTS = ("total_fen", "fund_fen", "account_fen", "cash_fen")
_ENDED = (SettlementState.COMPLETED, SettlementState.REFUSED, SettlementState.REVERSED)


class SettlementInput(StrictSerializer):
    """`claim_later`: pay everything now, while the interface is closed; the claim follows. `credential`: the code of an
    electronic credential, scanned just now, where the insurer wants it (422 `credential_needed`)."""

    mode = serializers.ChoiceField(choices=WAYS)
    credential = serializers.CharField(default="", allow_blank=True, max_length=50, write_only=True)


class OpenedOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.CharField()


class PaymentOutput(serializers.Serializer[Any]):
    url = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ClaimOutput(serializers.Serializer[Any]):
    """What was paid ahead: `refund_fen` goes back once the claim is settled; null until then."""

    state = serializers.ChoiceField(choices=[state.value for state in ClaimState])
    refund_fen = serializers.IntegerField(allow_null=True)


class CredentialInput(StrictSerializer):
    """The code of an electronic credential, scanned just now."""

    credential = serializers.CharField(max_length=50, write_only=True)


class CredentialOutput(serializers.Serializer[Any]):
    """Until when the code that was handed in can be used. While the settlement waits, a newer one takes its place;
    `wanted`: it is needed now, as the turn is near or the code has grown old."""

    good_until = serializers.DateTimeField(allow_null=True)
    wanted = serializers.BooleanField()


class SettlementOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    trial = serializers.IntegerField()
    appointment = serializers.IntegerField()
    mode = serializers.ChoiceField(choices=WAYS)
    state = serializers.ChoiceField(choices=[state.value for state in SettlementState])
    total_fen = serializers.IntegerField()
    fund_fen = serializers.IntegerField()
    account_fen = serializers.IntegerField()
    cash_fen = serializers.IntegerField()
    payment = PaymentOutput(required=False)
    claim = ClaimOutput(required=False)
    credential = CredentialOutput(required=False)
    poll_after_seconds = serializers.IntegerField(required=False)


class SettlementsView(APIView):
    @extend_schema(
        request=SettlementInput,
        responses={202: OpenedOutput},
        parameters=[IDEMPOTENCY_KEY],
        summary="Accept the trial and settle",
    )
    def post(self, request: Request, pk: int) -> Response:
        limit_user(request, "settlement")
        given = SettlementInput(data=request.data)
        given.is_valid(raise_exception=True)
        trial = trial_of(request, pk)
        in_the_place_of(trial.appointment.patient.user_id, request, OPEN)

        def settle() -> idempotency.Answer:
            asked = given.validated_data
            settlement = opening.open_settlement(trial, asked["mode"], asked["credential"])
            return 202, {"id": settlement.pk, "state": settlement.state}

        key = request.headers.get("Idempotency-Key")
        status, answer = idempotency.once(asker_id(request), key, request.path, given.validated_data, settle)
        return Response(answer, status=status, headers={"Location": f"/api/v1/settlements/{answer['id']}/"})


class SettlementView(APIView):
    @extend_schema(responses=SettlementOutput, summary="How far the settlement is")
    def get(self, request: Request, pk: int) -> Response:
        response = Response(shown(_settlement_of(request, pk)))
        patch_cache_control(response, private=True, no_cache=True)
        return response

    @extend_schema(responses={202: OpenedOutput}, summary="Give it up: whatever of it stands is undone")
    def delete(self, request: Request, pk: int) -> Response:
        limit_user(request, "settlement")
        settlement = _settlement_of(request, pk)
        in_the_place_of(settlement.appointment.patient.user_id, request, GIVE_UP)
        settlement = giving_up.give_up(settlement)
        return Response({"id": settlement.pk, "state": settlement.state}, status=202)


class CredentialView(APIView):
    @extend_schema(
        request=CredentialInput, responses=SettlementOutput, summary="Hand in the electronic credential, scanned again"
    )
    def put(self, request: Request, pk: int) -> Response:
        limit_user(request, "settlement")
        settlement = _settlement_of(request, pk)
        in_the_place_of(settlement.appointment.patient.user_id, request, OPEN)
        given = CredentialInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(shown(credentials.hand_in(settlement, given.validated_data["credential"])))


def shown(settlement: Settlement) -> dict[str, Any]:
    """A settlement as its patient may see it."""
    told: dict[str, Any] = {
        "id": settlement.pk,
        "trial": settlement.trial_id,
        "appointment": settlement.appointment_id,
        "mode": _way(settlement),
        "state": settlement.state,
    }
    told |= {name: getattr(settlement, name) for name in _AMOUNTS}
    if settlement.state == SettlementState.PAYING and settlement.payment is not None:
        told["payment"] = {
            "url": settlement.payment.pay_url,
            "expires_at": settlement.payment.expires_at.isoformat(),
        }
    if (claim := claims.state_of(settlement)) is not None:
        told["claim"] = {"state": claim.value, "refund_fen": claims.refund_fen(settlement)}
    if credentials.may_be_handed_in(settlement):
        until = credentials.good_until(settlement)
        wanted = credentials.is_wanted_again(settlement)
        told["credential"] = {"good_until": until and until.isoformat(), "wanted": wanted}
    if settlement.state not in _ENDED:
        told["poll_after_seconds"] = CLAIM_POLL_SECONDS if settlement.state == SettlementState.CLAIMING else 1
    return told


def _way(settlement: Settlement) -> str:
    """Claimed later, until it is known what has become of the claim."""
    undecided = settlement.mode == Mode.SELF_PAY and claims.state_of(settlement) is not ClaimState.REFUSED
    return CLAIM_LATER if settlement.claim_later and undecided else settlement.mode


def story(appointment: Appointment) -> dict[str, Any]:
    """The settlements in the story of an appointment."""
    settlements = appointment.settlements.select_related("payment").order_by("pk")
    return {"settlements": [shown(settlement) for settlement in settlements]}


def _settlement_of(request: Request, pk: int) -> Settlement:
    settlements = Settlement.objects.select_related("payment", "appointment__patient")
    if not is_staff_with(request, LOOK):
        settlements = settlements.filter(appointment__patient__user_id=asker_id(request))
    settlement = settlements.filter(pk=pk).first()
    if settlement is None:
        raise NotFound("no_such_settlement", _("There is no such settlement."))
    return settlement
