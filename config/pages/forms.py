"""The forms: labels and help. What is right is said by the shapes of the API, which they are checked against."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import Serializer

from hospital.appointments.serializers import AccountInput, CardInput
from hospital.errors import Refusal
from hospital.models import Patient
from insurance.quota import directory

_AT: dict[str, str] = {
    "bad_id_number": "id_number",
    "weak_password": "password",
    "username_taken": "username",
    "bad_username": "username",
    "bad_card": "number",
    "no_insurer": "region",
}
"""The field that a refusal is about."""


class ShapedForm(forms.Form):
    """A form whose fields go through a serializer of the API; `WORDS` says in plain words what a field must be."""

    shape: type[Serializer[Any]]
    WORDS: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def shaped(self) -> dict[str, Any]:
        """What the serializer gets."""
        return {str(name): self.cleaned_data.get(str(name), "") for name in self.shape().fields}

    def clean(self) -> dict[str, Any]:
        given = self.shape(data=self.shaped())
        if given.is_valid():
            self.cleaned_data |= given.validated_data
        for name, found in given.errors.items():
            if name not in self.errors:
                self.add_error(name, self.WORDS.get(name) or [str(one) for one in found])
        return self.cleaned_data

    def refuse(self, error: Refusal) -> None:
        """Say at the right field what was refused; also before the form was looked at."""
        self.is_valid()
        self.add_error(_AT.get(error.code), str(error.detail))


class SignUpForm(ShapedForm):
    shape = AccountInput
    WORDS = {
        "username": _("Use 3 to 150 letters, digits or @ . + - _"),
        "id_number": _("An ID number has 18 characters."),
        "phone": _("Use 5 to 20 digits."),
    }
    name = forms.CharField(
        label=_("Your name"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("As on your ID card."),
    )
    id_number = forms.CharField(
        label=_("ID number"),
        max_length=18,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("18 characters; the last may be an X."),
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=20, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("You choose it; you sign in with it."),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters, and not one of the usual ones."),
    )


class BookingForm(ShapedForm):
    """The card. `key` is made once a form: sent twice, it books once. The region is asked for where it matters."""

    shape = CardInput
    WORDS = {"region": _("A region has six digits.")}
    type = forms.ChoiceField(
        label=_("Insurance card"),
        choices=[("02", _("Identity card")), ("03", _("Social-security card")), ("01", _("Electronic credential"))],
        widget=forms.RadioSelect,
        initial="02",
    )
    number = forms.CharField(
        label=_("Card number"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("For your identity card leave this empty: we take the ID number of your account."),
    )
    region = forms.CharField(
        label=_("Region of your insurance"),
        max_length=6,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_(
            "Six digits, as on your insurance record. Leave it empty if you are insured where the hospital is."
        ),
    )
    key = forms.CharField(max_length=100, widget=forms.HiddenInput, initial=lambda: uuid4().hex)

    def __init__(self, patient: Patient, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient
        if not directory.has_choice():
            del self.fields["region"]

    def shaped(self) -> dict[str, Any]:
        card = {name: value for name, value in super().shaped().items() if value or name != "region"}
        if card["type"] == "02" and not card["number"]:
            card["number"] = self.patient.id_number
        return card
