"""The event stream as a small ASGI application of its own.

Django's handler would keep a thread for every open stream; here a stream is a coroutine. Who asks is found out once, by
the session of the pages or the token of the API, in a few threads that all streams share.
"""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from config.headers import NOTHING, always
from config.push import news
from config.push.hub import Hub, Stream
from hospital.errors import HeldBack
from hospital.models import Appointment
from hospital.rest import limit_user

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = re.compile(r"/push/appointments/(\d{1,18})/")
HEARTBEAT_SECONDS = 20.0
"""A comment that keeps proxies from closing the stream, and finds out who has gone away."""

_askers = ThreadPoolExecutor(4, "push-asker")


def _read(appointments: Sequence[int]) -> Mapping[int, news.News]:
    close_old_connections()
    return news.of(appointments)


hub = Hub(_read)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """GET /push/appointments/{id}/: 401, 404 and 429 as everywhere, else `look` events until the end of the story."""
    found = PATH.fullmatch(scope["path"])
    if found is None or scope["method"] != "GET":
        await _answer(send, 404)
        return
    pk = int(found.group(1))
    status = await asyncio.get_running_loop().run_in_executor(_askers, partial(_may_listen, scope, pk))
    if status != 200:
        await _answer(send, status)
        return
    with hub.open(pk, _header(scope, b"last-event-id")) as opened:
        await _start(send, scope)
        gone = asyncio.create_task(_gone(receive))
        try:
            async for text in _events(opened, gone):
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        finally:
            gone.cancel()
    with suppress(OSError):  # they have gone away
        await send({"type": "http.response.body", "body": b""})


async def _events(opened: Stream, gone: asyncio.Task[None]) -> AsyncIterator[str]:
    yield "retry: 5000\n\n"
    while not gone.done():
        heard = asyncio.create_task(opened.news.get())
        await asyncio.wait({heard, gone}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not heard.done():
            heard.cancel()
            yield ":\n\n"
            continue
        yield f"id: {heard.result().version}\nevent: {'end' if heard.result().over else 'look'}\ndata:\n\n"
        if heard.result().over:
            return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _start(send: Send, scope: Scope) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        *_policy(),
        *_for_our_pages(scope),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), *_policy()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _policy() -> list[tuple[bytes, bytes]]:
    """What every answer of ours tells a browser. Our pages may read the stream from another host of ours."""
    told = {**always(), "Content-Security-Policy": NOTHING, "Cross-Origin-Resource-Policy": "same-site"}
    return [(name.lower().encode(), value.encode()) for name, value in told.items()]


def _for_our_pages(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Where the stream has an address of its own, our pages alone may read it with their session."""
    public = urlsplit(settings.PUBLIC_URL)
    ours = f"{public.scheme}://{public.netloc}"
    if _header(scope, b"origin") != ours:
        return []
    allowed = (b"access-control-allow-origin", ours.encode()), (b"access-control-allow-credentials", b"true")
    return [*allowed, (b"vary", b"Origin")]


def _may_listen(scope: Scope, pk: int) -> int:
    """200 for the owner, else the status of the refusal."""
    close_old_connections()
    asked = Request(ASGIRequest(dict(scope), io.BytesIO()))
    try:
        user = _user(asked)
        if user is None:
            return 401
        asked.user = user
        limit_user(asked, "push")
    except APIException as error:
        return error.status_code
    except HeldBack:
        return 429
    return 200 if Appointment.objects.filter(pk=pk, patient__user_id=user.pk).exists() else 404


def _user(asked: Request) -> Any:
    """By the token of the API, else by the session of the pages."""
    if by_token := JWTAuthentication().authenticate(asked):
        return by_token[0]
    engine = import_module(settings.SESSION_ENGINE)
    django_request = asked._request
    django_request.session = engine.SessionStore(django_request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    user = get_user(django_request)
    return user if user.is_authenticated else None


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
