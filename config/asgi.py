"""The asgi entry point: event streams (the process `push`), and everything else as over wsgi."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

pages = get_asgi_application()

from config.push import app  # noqa: E402  Django must be set up first


async def application(scope: Any, receive: Any, send: Any) -> None:
    """`/push/` is ours; the rest is Django's."""
    if scope["type"] == "http" and scope["path"].startswith("/push/"):
        await app.stream(scope, receive, send)
    else:
        await pages(scope, receive, send)
