"""Staff's view of what is owed to the insurer. Read-only, but for n: a quota is changed through `limits.set_limit`."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest

from hospital.admin import ReadOnly
from hospital.errors import Invalid
from insurance.models import InterfaceCall, PaymentOrder, Permit, ProofDay, Quota, Settlement, Trial, Visit
from insurance.quota import limits
from insurance.quota.proof_admin import ProofDayAdmin

admin.site.register(ProofDay, ProofDayAdmin)


class QuotaForm(ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Quota
        fields = ("per_minute",)

    def clean_per_minute(self) -> int | None:
        wanted: int | None = self.cleaned_data["per_minute"]
        try:
            limits.check_limit(self.instance, wanted)
        except Invalid as error:
            raise ValidationError(str(error.detail)) from error
        return wanted


@admin.register(Quota)
class QuotaAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = QuotaForm
    list_display = ("name", "per_minute")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Quota | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Quota, form: Any, change: bool) -> None:
        limits.set_limit(obj, obj.per_minute)


@admin.register(Permit)
class PermitAdmin(ReadOnly):
    list_display = ("id", "quota", "free_at", "takings", "retired")
    list_filter = ("quota", "retired")


@admin.register(Trial)
class TrialAdmin(ReadOnly):
    list_display = ("id", "appointment", "state", "attempt", "total_fen", "fund_fen", "cash_fen", "last_error")
    list_filter = ("state",)


@admin.register(Visit)
class VisitAdmin(ReadOnly):
    list_display = ("id", "appointment", "mdtrt_id", "ipt_otp_no", "insutype")
    fields = ("appointment", "mdtrt_id", "ipt_otp_no", "insutype", "insuplc_admdvs", "chrg_bchno")


@admin.register(Settlement)
class SettlementAdmin(ReadOnly):
    list_display = ("id", "appointment", "mode", "state", "total_fen", "fund_fen", "cash_fen", "setl_id", "last_error")
    list_filter = ("state", "mode")
    search_fields = ("settle_msgid", "setl_id")


@admin.register(PaymentOrder)
class PaymentOrderAdmin(ReadOnly):
    list_display = ("order_no", "state", "amount_fen", "expires_at", "paid_at")
    list_filter = ("state",)


@admin.register(InterfaceCall)
class InterfaceCallAdmin(ReadOnly):
    """The messages themselves hold personal data and are not shown."""

    list_display = ("msgid", "infno", "lane", "purpose", "outcome", "note", "sent_at", "answered_at")
    list_filter = ("infno", "lane", "outcome")
    search_fields = ("msgid", "purpose")
    fields = list_display
