"""Sessions, appointments and their charges over HTTP (contract: HTTP API)."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hospital import idempotency
from hospital.appointments import access, booking, charges, following, offer, story
from hospital.appointments.access import (
    appointment_of,
    appointment_to_change,
    appointments_of,
    own_appointment,
    patient_of,
)
from hospital.appointments.filters import AppointmentFilter, NewestFirst, SessionFilter, SoonestFirst
from hospital.appointments.models import Appointment, Session
from hospital.appointments.serializers import (
    AppointmentLineOutput,
    AppointmentOutput,
    BookedOutput,
    BookingInput,
    ChargeOutput,
    ChargesInput,
    ChargesOutput,
    FollowLinkOutput,
    SessionOutput,
)
from hospital.identity import InsuranceCard
from hospital.lists import StrictFilterBackend
from hospital.rest import IDEMPOTENCY_KEY, limit_signed_in


class SessionsView(ListAPIView[Session]):
    queryset = Session.objects.none()
    permission_classes = (AllowAny,)
    authentication_classes = ()
    serializer_class = SessionOutput
    pagination_class = SoonestFirst
    filter_backends = (StrictFilterBackend,)
    filterset_class = SessionFilter

    def get_queryset(self) -> QuerySet[Session]:
        return offer.still_to_come()

    @extend_schema(summary="Sessions, soonest first: those with free seats, or all")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class AppointmentsView(ListAPIView[Appointment]):
    queryset = Appointment.objects.none()  # for the schema: whose they are is known with the request
    serializer_class = AppointmentLineOutput
    pagination_class = NewestFirst
    filter_backends = (StrictFilterBackend,)
    filterset_class = AppointmentFilter

    def get_queryset(self) -> QuerySet[Appointment]:
        return appointments_of(self.request)

    @extend_schema(summary="One's appointments, newest first; the desk sees all")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request=BookingInput, responses={201: BookedOutput}, parameters=[IDEMPOTENCY_KEY], summary="Book a seat"
    )
    def post(self, request: Request) -> Response:
        limit_signed_in(request, "booking")
        given = BookingInput(data=request.data)
        given.is_valid(raise_exception=True)
        patient = patient_of(request)
        body = given.validated_data

        def book() -> idempotency.Answer:
            appointment = booking.book(patient, body["session"], InsuranceCard(**body["insurance_card"]))
            return 201, booked(appointment)

        key = request.headers.get("Idempotency-Key")
        status, answer = idempotency.once(patient.user_id, key, request.path, body, book)
        return Response(answer, status=status, headers={"Location": address(answer["id"])})


def booked(appointment: Appointment) -> dict[str, Any]:
    """What is told of a new appointment."""
    archive = appointment.archive
    told = {"state": archive.state, "ahead": archive.ahead_when_queued}
    return {"id": appointment.pk, "state": appointment.state, "archive": told}


def address(pk: int) -> str:
    """Where its story is told."""
    return f"/api/v1/appointments/{pk}/"


class AppointmentView(APIView):
    @extend_schema(responses=AppointmentOutput, summary="The whole story so far")
    def get(self, request: Request, pk: int) -> Response:
        appointment = appointment_of(request, pk)
        return Response(access.shown(request, appointment, story.of(appointment)))

    @extend_schema(responses={204: None}, summary="Cancel: frees the seat and everything that waits")
    def delete(self, request: Request, pk: int) -> Response:
        booking.cancel(appointment_to_change(request, pk))
        return Response(status=204)


class FollowLinkView(APIView):
    """A link by which the family may see the place in the line, and nothing else."""

    @extend_schema(request=None, responses={201: FollowLinkOutput}, summary="Make the link to follow: the only one")
    def post(self, request: Request, pk: int) -> Response:
        limit_signed_in(request, "follow-link")
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
        lines = charges.replace(appointment_to_change(request, pk), given.validated_data["charges"])
        total = sum(line.amount_fen for line in lines)
        return Response({"charges": ChargeOutput(lines, many=True).data, "total_fen": total})
