"""Accounts, sessions, appointments and their charges over HTTP (contract: HTTP API)."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.views import TokenObtainPairView

from hospital import idempotency
from hospital.appointments import accounts, booking, charges, following, offer, story
from hospital.appointments.access import appointment_of, own_appointment, patient_of
from hospital.appointments.serializers import (
    AccountInput,
    AccountOutput,
    AppointmentOutput,
    BookedOutput,
    BookingInput,
    ChargeOutput,
    ChargesInput,
    ChargesOutput,
    FollowLinkOutput,
    SessionOutput,
    SessionQuery,
)
from hospital.archives import entry
from hospital.identity import InsuranceCard
from hospital.rest import limit_address, limit_user, limit_username

IDEMPOTENCY_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
MOST_SESSIONS = 200


class AccountsView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(request=AccountInput, responses={201: AccountOutput}, summary="Sign up")
    def post(self, request: Request) -> Response:
        limit_address(request, "accounts")
        given = AccountInput(data=request.data)
        given.is_valid(raise_exception=True)
        patient = accounts.sign_up(**given.validated_data)
        return Response({"id": patient.pk, "username": patient.user.get_username()}, status=201)


class TokenView(TokenObtainPairView):
    """A token for a user name and a password."""

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        limit_address(request, "token")
        if isinstance(request.data, dict):
            limit_username(request, "token", str(request.data.get("username", "")))
        return super().post(request, *args, **kwargs)


class SessionsView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(parameters=[SessionQuery], responses=SessionOutput(many=True), summary="Sessions with free seats")
    def get(self, request: Request) -> Response:
        asked = SessionQuery(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(SessionOutput(offer.free_sessions(**asked.validated_data)[:MOST_SESSIONS], many=True).data)


class AppointmentsView(APIView):
    @extend_schema(
        request=BookingInput, responses={201: BookedOutput}, parameters=[IDEMPOTENCY_KEY], summary="Book a seat"
    )
    def post(self, request: Request) -> Response:
        limit_user(request, "booking")
        given = BookingInput(data=request.data)
        given.is_valid(raise_exception=True)
        patient = patient_of(request)
        body = given.validated_data

        def book() -> idempotency.Answer:
            appointment = booking.book(patient, body["session"], InsuranceCard(**body["insurance_card"]))
            archive = appointment.archive
            told = {"state": archive.state, "ahead": entry.ahead(archive)}
            return 201, {"id": appointment.pk, "state": appointment.state, "archive": told}

        key = request.headers.get("Idempotency-Key")
        status, answer = idempotency.once(patient.user_id, key, request.path, body, book)
        return Response(answer, status=status)


class AppointmentView(APIView):
    @extend_schema(responses=AppointmentOutput, summary="The whole story so far")
    def get(self, request: Request, pk: int) -> Response:
        return Response(story.of(appointment_of(request, pk)))

    @extend_schema(responses={204: None}, summary="Cancel: frees the seat and everything that waits")
    def delete(self, request: Request, pk: int) -> Response:
        booking.cancel(appointment_of(request, pk))
        return Response(status=204)


class FollowLinkView(APIView):
    """A link by which the family may see the place in the line, and nothing else."""

    @extend_schema(request=None, responses={201: FollowLinkOutput}, summary="Make the link to follow: the only one")
    def post(self, request: Request, pk: int) -> Response:
        limit_user(request, "follow-link")
        token = following.start(own_appointment(request, pk))
        return Response({"url": following.address(token)}, status=201)

    @extend_schema(responses={204: None}, summary="End the link to follow")
    def delete(self, request: Request, pk: int) -> Response:
        following.stop(own_appointment(request, pk))
        return Response(status=204)


class ChargesView(APIView):
    permission_classes = (IsAdminUser,)

    @extend_schema(request=ChargesInput, responses=ChargesOutput, summary="Replace the fee lines")
    def put(self, request: Request, pk: int) -> Response:
        given = ChargesInput(data=request.data)
        given.is_valid(raise_exception=True)
        lines = charges.replace(appointment_of(request, pk), given.validated_data["charges"])
        total = sum(line.amount_fen for line in lines)
        return Response({"charges": ChargeOutput(lines, many=True).data, "total_fen": total})
