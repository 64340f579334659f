"""What every answer says to the browser: what a page may load, who may frame it, what it may use (docs/security.md).

A view that needs something else says so in a header of its own. The front door and the process `push` answer past
Django's middleware and say the same.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For whatever is no page: data, files, redirects."""

STAFF = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""For the admin. Its theme writes expressions into attributes (Alpine.js makes functions of them) and sets widths by
the attribute `style`: that much is allowed there, and nowhere else. No script and no style stands in a page."""

NEVER_USED = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "usb"),
)

Handler = Callable[[HttpRequest], HttpResponseBase]


def always() -> dict[str, str]:
    """What every answer carries, wherever it was made. HSTS by the public address: TLS ends at the proxy, so that a
    request here never looks secure."""
    secure = {"Strict-Transport-Security": f"max-age={settings.SECURE_HSTS_SECONDS}"}
    return {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in NEVER_USED),
        **(secure if settings.SECURE_HSTS_SECONDS else {}),
    }


class Guarded:
    """Middleware around all others."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in always().items():
            response.headers.setdefault(name, value)
        policy = STAFF if request.path.startswith("/admin/") else NOTHING
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
