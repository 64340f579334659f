"""What goes in and comes out of the appointment endpoints. Shapes only, no rules."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer

from hospital.rest import StrictSerializer
from hospital.states import AppointmentState, ArchiveState
from hospital.tokens import DeviceToken

MOST_OF_ONE_ITEM, HIGHEST_PRICE = Decimal(1_000_000), Decimal(100_000_000)
"""Together they keep an amount within what the insurer's field (N16,2) and our column can hold."""


class AccountInput(StrictSerializer):
    username = serializers.RegexField(r"^[\w.@+-]{3,150}$")
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    name = serializers.CharField(max_length=50)
    id_number = serializers.CharField(max_length=18, min_length=18)
    phone = serializers.RegexField(r"^\+?[0-9-]{5,20}$")

    def validate_id_number(self, value: str) -> str:
        return value.upper()


class SignInInput(TokenObtainPairSerializer):
    token_class = DeviceToken


class TokenField(serializers.CharField):
    """As it is: a number is no token, and white space is part of it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RefreshInput(StrictSerializer):
    refresh = TokenField(max_length=2000, trim_whitespace=False)


class PairOutput(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class CardInput(StrictSerializer):
    # The usual words for a wrong choice repeat what was given: perhaps the number, in the wrong field.
    type = serializers.ChoiceField(
        choices=["01", "02", "03"],
        error_messages={"invalid_choice": serializers.RegexField.default_error_messages["invalid"]},
    )
    number = serializers.CharField(max_length=50)
    region = serializers.RegexField(
        r"^[0-9]{6}$", required=False, help_text="Where the patient is insured; without it, where the hospital is."
    )

    def validate_number(self, value: str) -> str:
        return value.upper()


class BookingInput(StrictSerializer):
    session = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    insurance_card = CardInput()


class ChargeInput(StrictSerializer):
    med_list_codg = serializers.CharField(max_length=50)
    medins_list_codg = serializers.CharField(max_length=150)
    name = serializers.CharField(max_length=100)
    quantity = serializers.DecimalField(
        max_digits=16, decimal_places=4, min_value=Decimal("0.0001"), max_value=MOST_OF_ONE_ITEM
    )
    unit_price = serializers.DecimalField(
        max_digits=16, decimal_places=6, min_value=Decimal(0), max_value=HIGHEST_PRICE
    )


class ChargesInput(StrictSerializer):
    charges = serializers.ListField(child=ChargeInput(), allow_empty=False, max_length=60)


class AccountOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()


class SessionOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    department = serializers.CharField(source="doctor.department.name")
    department_code = serializers.CharField(source="doctor.department.code")
    doctor = serializers.CharField(source="doctor.name")
    doctor_code = serializers.CharField(source="doctor.code")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    capacity = serializers.IntegerField()
    free = serializers.IntegerField()


class ArchiveOutput(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=[state.value for state in ArchiveState])
    ahead = serializers.IntegerField()
    number = serializers.CharField(allow_null=True)
    told = serializers.BooleanField()
    rejection = serializers.CharField(allow_null=True)


class BookedArchiveOutput(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=[state.value for state in ArchiveState])
    ahead = serializers.IntegerField()


class BookedOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=[state.value for state in AppointmentState])
    archive = BookedArchiveOutput()


class ChargeOutput(serializers.Serializer[Any]):
    med_list_codg = serializers.CharField()
    medins_list_codg = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=16, decimal_places=4)
    unit_price = serializers.DecimalField(max_digits=16, decimal_places=6)
    amount_fen = serializers.IntegerField()


class ChargesOutput(serializers.Serializer[Any]):
    charges = ChargeOutput(many=True)
    total_fen = serializers.IntegerField()


class AppointmentLineOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=[state.value for state in AppointmentState])
    session = SessionOutput()
    created_at = serializers.DateTimeField()


class FollowLinkOutput(serializers.Serializer[Any]):
    url = serializers.URLField()


class AppointmentOutput(AppointmentLineOutput):
    archive = ArchiveOutput()
    notices = serializers.ListField(child=serializers.DictField())
    charges = ChargeOutput(many=True)
    trials = serializers.ListField(child=serializers.DictField())
    settlements = serializers.ListField(child=serializers.DictField())
