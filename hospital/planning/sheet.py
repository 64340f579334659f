"""Sessions as a sheet (CSV, XLSX): brought in all or none, with what is wrong said row by row; written out safely."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import DateTimeWidget, ForeignKeyWidget, IntegerWidget

from hospital.appointments.models import Doctor, PriceList, Session
from hospital.changes_admin import at_the_field
from hospital.errors import Conflict
from hospital.planning import plans

MINUTES = "%Y-%m-%d %H:%M"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet program, whoever wrote it."""


class Known(ForeignKeyWidget):  # type: ignore[misc]
    """A row that must be there already, by what people call it."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            return super().clean(value, row, **kwargs)
        except self.model.DoesNotExist:
            missing = {"what": self.model._meta.verbose_name, "name": value}
            raise ValidationError(_("There is no %(what)s %(name)s.") % missing) from None


class SessionSheet(ModelResource):  # type: ignore[misc]
    """One row a session. What is there already as it stands in the sheet is left as it is; nothing is rewritten."""

    doctor = Field("doctor", "doctor", Known(Doctor, "code"))
    price_list = Field("price_list", "price_list", Known(PriceList, "name"))
    starts_at = Field("starts_at", "starts_at", DateTimeWidget(MINUTES))
    ends_at = Field("ends_at", "ends_at", DateTimeWidget(MINUTES))
    seats = Field("capacity", "seats", IntegerWidget())
    free = Field("free", "free", IntegerWidget(), readonly=True)

    class Meta:
        model = Session
        fields = ("doctor", "price_list", "starts_at", "ends_at", "seats", "free")
        export_order = fields
        import_id_fields = ("doctor", "starts_at")
        use_transactions = True
        skip_unchanged = True
        report_skipped = True

    def import_data(self, dataset: Any, **kwargs: Any) -> Any:
        """All or none, also when something has come between looking and confirming."""
        return super().import_data(dataset, **{**kwargs, "rollback_on_validation_errors": True})

    def before_save_instance(self, instance: Session, row: Any, **kwargs: Any) -> None:
        """The rules of planning; raises what they raise, and the row says so."""
        with at_the_field():
            self._check(instance)
        instance.free = instance.capacity

    def _check(self, instance: Session) -> None:
        if instance.pk:
            raise Conflict("session_exists", _("This session is there already and is not as the sheet has it."))
        plans.check(instance.doctor, instance.starts_at, instance.ends_at, instance.capacity)

    def export_field(self, field: Field, instance: Session, **kwargs: Any) -> Any:
        """A text that would be a formula becomes a text again."""
        value = super().export_field(field, instance, **kwargs)
        return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
