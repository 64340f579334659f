"""A router and two viewsets."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.routers import DefaultRouter

from tests.bench.plain.views import AppointmentViewSet, TrialViewSet

router = DefaultRouter()
router.register("appointments", AppointmentViewSet)
router.register("trials", TrialViewSet)


def readyz(request: HttpRequest) -> HttpResponse:
    """It answers."""
    return HttpResponse("ok")


urlpatterns = [path("readyz", readyz), path("api/v1/", include(router.urls))]
