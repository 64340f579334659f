"""Bookings and trials as model viewsets: what a booking writes is written row by row, in one transaction."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework import serializers, viewsets

from hospital.models import Appointment, Archive, Charge, Journal, Session
from hospital.privacy import blind_index
from insurance.models import Trial


class CardSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    number = serializers.CharField()


class AppointmentSerializer(serializers.ModelSerializer[Appointment]):
    insurance_card = CardSerializer(write_only=True)

    class Meta:
        model = Appointment
        fields = ("id", "session", "state", "created_at", "insurance_card")
        read_only_fields = ("state", "created_at")

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Appointment:
        card, patient = validated_data["insurance_card"], self.context["request"].user.patient
        session = validated_data["session"]
        if not Session.objects.filter(pk=session.pk, free__gt=0).update(free=F("free") - 1):
            raise serializers.ValidationError("full")
        appointment = Appointment.objects.create(patient=patient, session=session)
        for item in session.price_list.items.all():
            Charge.objects.create(
                appointment=appointment,
                med_list_codg=item.med_list_codg,
                medins_list_codg=item.medins_list_codg,
                name=item.name,
                quantity=item.quantity,
                unit_price=item.unit_price,
                amount_fen=int(item.unit_price * item.quantity * 100),
                occurred_at=timezone.now(),
            )
        archive = Archive.objects.create(
            appointment=appointment,
            name=patient.name,
            id_number=patient.id_number,
            id_index=blind_index(patient.id_number),
            phone=patient.phone,
            card_type=card["type"],
            card_number=card["number"],
            card_index=blind_index(card["number"]),
        )
        for kind, row in (("appointment", appointment), ("archive", archive)):
            Journal.objects.create(kind=kind, item_id=row.pk, from_state="", to_state=row.state, attempt=0)
        appointment.refresh_from_db()
        return appointment


class AppointmentViewSet(viewsets.ModelViewSet[Appointment]):
    queryset = Appointment.objects.all()
    serializer_class = AppointmentSerializer


class TrialSerializer(serializers.ModelSerializer[Trial]):
    class Meta:
        model = Trial
        exclude = ("split",)


class TrialViewSet(viewsets.ModelViewSet[Trial]):
    """Its own row and nothing else: no place, no wait."""

    queryset = Trial.objects.all()
    serializer_class = TrialSerializer

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(appointment__patient__user_id=self.request.user.pk)
