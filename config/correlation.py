"""One id for everything that comes of one request: its lines, its answer, the messages it sends, the calls they make.

Over HTTP it is `X-Request-ID`, the proxy's if it has a sound one, else made here; in messages django-structlog carries
it along in their headers. What nobody asked for (a tick of beat) goes under the id of its own message.
"""

import random
import re
from collections.abc import Mapping
from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

from config.masking import masked

_SOUND = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id() -> str | None:
    """The id that this is done under; None outside of requests and tasks."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return None if found is None else str(found)


class Correlated(RequestMiddleware):
    """Outermost: a line for each request, and the id in the answer."""

    def __call__(self, request: HttpRequest) -> Any:
        request.META["HTTP_X_REQUEST_ID"] = own = own_id(request.META)
        response: Any = super().__call__(request)
        response.headers["X-Request-ID"] = own
        return response

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Without the query: staff search by name there. What else may not be told is masked with the line."""
        return f"{request.method} {request.path}"


def begin_task(**_: Any) -> None:
    """A message that came of no request has an id all the same."""
    context = structlog.contextvars.get_contextvars()
    structlog.contextvars.bind_contextvars(request_id=context.get("request_id") or context["task_id"])


def own_id(meta: Mapping[str, Any]) -> str:
    """The id of this request: what the proxy says, else a new one.

    No secret, so not from the system, as `uuid4` is: each asking gives the interpreter's lock away, and with many
    threads the answers wait for it.
    """
    return given_id(meta) or f"{random.getrandbits(128):032x}"  # nosec B311


def given_id(meta: Mapping[str, Any]) -> str:
    """What the proxy says, if it is fit for a log: anybody may have sent it."""
    shown = str(meta.get("HTTP_X_REQUEST_ID", ""))
    return shown if _SOUND.fullmatch(shown) and masked(shown) == shown else ""
