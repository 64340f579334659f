"""Staff's view of what is owed to the insurer. What staff may do: `admin.py` of quota, trial, desk, reconciliation."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from hospital import badges
from hospital.models import Appointment
from hospital.read_only import ReadOnly, one_of
from insurance import words
from insurance.desk import admin as desk
from insurance.desk.patients_admin import AppointmentAdmin
from insurance.interface.calling import Outcome
from insurance.models import (
    CaseFile,
    ClockStep,
    DayBook,
    Decision,
    Difference,
    Insurer,
    InterfaceCall,
    LimitChange,
    Line,
    LineDay,
    MaintenanceWindow,
    PaymentOrder,
    Permit,
    ProofDay,
    Quota,
    Settlement,
    Trial,
    Visit,
)
from insurance.quota import admin as quota
from insurance.quota import exchange, insurers
from insurance.quota.lanes import Lane
from insurance.quota.proof_admin import ProofDayAdmin
from insurance.reconciliation import admin as reconciliation
from insurance.trial import admin as trial

admin.site.register(Insurer, quota.InsurerAdmin)
admin.site.register(MaintenanceWindow, quota.MaintenanceWindowAdmin)
admin.site.register(Quota, quota.QuotaAdmin)
admin.site.register(LimitChange, quota.LimitChangeAdmin)
admin.site.register(Permit, quota.PermitAdmin)
admin.site.register(ClockStep, quota.ClockStepAdmin)
admin.site.register(ProofDay, ProofDayAdmin)
admin.site.register(DayBook, reconciliation.DayBookAdmin)
admin.site.register(Difference, reconciliation.DifferenceAdmin)
admin.site.register(Line, trial.LineAdmin)
admin.site.register(LineDay, trial.LineDayAdmin)
admin.site.register(Trial, trial.TrialAdmin)
admin.site.register(Visit, trial.VisitAdmin)
admin.site.register(Appointment, AppointmentAdmin)
admin.site.register(CaseFile, desk.CaseFileAdmin)
admin.site.register(Decision, desk.DecisionAdmin)


@admin.register(Settlement)
class SettlementAdmin(ReadOnly):
    list_display = (
        "id",
        "appointment",
        "insurer",
        "mode",
        "badge",
        "total_fen",
        "fund_fen",
        "cash_fen",
        "setl_id",
        "last_error",
    )
    list_select_related = ("appointment",)
    list_filter = ("state", "mode", ("insurer", one_of(insurers.names)))
    search_fields = ("settle_msgid__exact", "setl_id__exact")
    search_help_text = _("setl_id or msgid")
    badge = badges.column(words.SETTLEMENT, words.TONES)


@admin.register(PaymentOrder)
class PaymentOrderAdmin(ReadOnly):
    list_display = ("order_no", "badge", "amount_fen", "expires_at", "paid_at")
    list_filter = ("state",)
    search_fields = ("order_no__exact",)
    badge = badges.column(words.PAYMENT, words.TONES)


@admin.register(InterfaceCall)
class InterfaceCallAdmin(ReadOnly):
    """The messages themselves hold personal data and are not shown."""

    list_display = ("msgid", "insurer", "infno", "lane", "purpose", "outcome", "note", "sent_at", "answered_at")
    list_filter = (
        ("insurer", one_of(insurers.names)),
        ("infno", one_of(exchange.infnos)),
        ("lane", one_of(lambda: Lane)),
        ("outcome", one_of(lambda: ["", *Outcome])),
    )
    search_fields = ("msgid__exact", "purpose__exact")
    search_help_text = _("msgid, or what it was for: settlement 12")
    fields = list_display
