"""Sign a patient up."""

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.appointments.models import Patient
from hospital.errors import Conflict, Invalid
from hospital.identity import is_id_number


def sign_up(username: str, password: str, name: str, id_number: str, phone: str) -> Patient:
    """An account and the patient behind it.

    Raises `Invalid("bad_id_number" | "bad_username" | "weak_password")`, `Conflict("username_taken")`.
    """
    if is_id_number(username.upper(), today=timezone.localdate()):  # a user name stands in clear
        raise Invalid("bad_username", _("Choose a user name that is not an ID number."))
    if not is_id_number(id_number, today=timezone.localdate()):
        raise Invalid("bad_id_number", _("This ID number cannot exist. Check all 18 characters."))
    try:
        validate_password(password)
    except ValidationError as error:
        raise Invalid("weak_password", " ".join(error.messages)) from error
    try:
        with transaction.atomic():
            user = get_user_model().objects.create_user(username=username, password=password)
            return Patient.objects.create(user=user, name=name, id_number=id_number, phone=phone)
    except IntegrityError as error:
        raise Conflict("username_taken", _("This user name is taken. Choose another.")) from error
