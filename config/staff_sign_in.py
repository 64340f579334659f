"""The staff's sign-in: guesses are held back as at `POST token/` and for patients, on one account with them; a session
ends with the working day."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError

from config.pages.guard import counted
from hospital.errors import HeldBack
from hospital.rest import limit_address, limit_username

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm


class StaffSignInForm(AuthenticationForm):
    """The password is not even looked at while somebody is held back."""

    def clean(self) -> dict[str, Any]:
        if self.request is not None:
            asked = counted(self.request)
            try:
                limit_address(asked, "token")
                limit_username(asked, "token", self.cleaned_data.get("username", ""))
            except HeldBack as error:
                raise ValidationError(str(error.detail)) from error
        given = super().clean()
        if self.request is not None:
            self.request.session.set_expiry(settings.STAFF_SESSION_SECONDS)
        return given
