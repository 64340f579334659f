"""`GET /metrics`: the Prometheus text format."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from operations.metrics import access
from operations.metrics.access import Access
from operations.metrics.collector import Collector

registry = CollectorRegistry(auto_describe=False)
registry.register(Collector())


def page(request: HttpRequest) -> HttpResponse:
    """What is known now, at most a few seconds old."""
    allowed = access.of(request)
    if allowed is Access.NO_TOKEN:
        answer = _refused(401, "metrics_token", _("Show METRICS_TOKEN as a bearer token."))
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    if allowed is Access.ELSEWHERE:
        return _refused(403, "metrics_local", _("Metrics are read from this machine, or with METRICS_TOKEN set."))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _refused(status: int, code: str, detail: str) -> JsonResponse:
    body = {"type": f"urn:problem:{code}", "title": code.replace("_", " "), "status": status, "code": code}
    return JsonResponse({**body, "detail": detail}, status=status, content_type="application/problem+json")
