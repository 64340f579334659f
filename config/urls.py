"""Every address."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from config import health
from config.openapi import page
from hospital.appointments import api as appointments
from hospital.appointments import export, sign_in
from hospital.notices import api as notices
from insurance.payment import api as payment
from insurance.settlement import api as settlement
from insurance.settlement import callback
from insurance.trial import api as trial
from operations.metrics import page as metrics
from operations.overview import page as overview

handler400 = "config.errors.bad_request"
handler404 = "config.pages.guard.not_found"
handler500 = "config.errors.server_error"

API = "api/v1/"

urlpatterns = [
    path("", include("config.pages.urls")),
    path("admin/", include((overview.urls, "staff"))),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.page),
    path(f"{API}accounts/", sign_in.AccountsView.as_view()),
    path(f"{API}accounts/export/", export.ExportView.as_view()),
    path(f"{API}token/", sign_in.TokenView.as_view()),
    path(f"{API}token/refresh/", sign_in.RefreshView.as_view()),
    path(f"{API}token/revoke/", sign_in.RevokeView.as_view()),
    path(f"{API}token/revoke-all/", sign_in.RevokeAllView.as_view()),
    path(f"{API}sessions/", appointments.SessionsView.as_view()),
    path(f"{API}appointments/", appointments.AppointmentsView.as_view()),
    path(f"{API}appointments/<int:pk>/", appointments.AppointmentView.as_view()),
    path(f"{API}appointments/<int:pk>/charges/", appointments.ChargesView.as_view()),
    path(f"{API}appointments/<int:pk>/trials/", trial.TrialsView.as_view()),
    path(f"{API}appointments/<int:pk>/follow-link/", appointments.FollowLinkView.as_view()),
    path(f"{API}notices/", notices.NoticesView.as_view()),
    path(f"{API}trials/<int:pk>/", trial.TrialView.as_view()),
    path(f"{API}trials/<int:pk>/settlements/", settlement.SettlementsView.as_view()),
    path(f"{API}settlements/<int:pk>/", settlement.SettlementView.as_view()),
    path(f"{API}settlements/<int:pk>/credential/", settlement.CredentialView.as_view()),
    path(f"{API}payments/notify/", payment.NotifyView.as_view()),
    path(f"{API}insurers/<str:insurer>/callback/", callback.CallbackView.as_view()),
    path(f"{API}line/", trial.LineView.as_view()),
    path(f"{API}schema/", SpectacularAPIView.as_view(), name="schema"),
    path(f"{API}docs/", page.DocsView.as_view(url_name="schema")),
]
