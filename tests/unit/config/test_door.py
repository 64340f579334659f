"""Beyond what the web takes: a quick, honest no, and nothing begun."""

import io
import json
import threading
from typing import Any

from django.conf import LazySettings

from config.door.app import Door


def asked(door: Door, path: str) -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "HTTP_HOST": "localhost", "wsgi.input": io.BytesIO()}
    body = b"".join(door(environ, lambda *answer: told.append(answer)))
    return told[0][0], dict(told[0][1]), body


def test_beyond_what_is_taken_somebody_is_told_when_to_come_again(settings: LazySettings) -> None:
    settings.WEB_AT_ONCE, settings.WEB_WAITING = 1, 1
    gate, begun = threading.Event(), []

    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            begun.append(environ["PATH_INFO"])
            gate.wait(10)
        start_response("201 Created", [])
        return [b"done"]

    door = Door(django)
    inside = [threading.Thread(target=asked, args=(door, "/api/v1/appointments/")) for _ in range(2)]
    for thread in inside:
        thread.start()
    while door.work._inside < 2:
        pass
    status, headers, body = asked(door, "/api/v1/appointments/")
    problem = json.loads(body)
    assert (status, headers["Content-Type"]) == ("503 Service Unavailable", "application/problem+json")
    assert problem["code"] == "busy" and problem["retry_after_seconds"] == int(headers["Retry-After"]) in range(1, 6)
    assert asked(door, "/healthz")[0] == "201 Created", "whoever watches over us is not told so"
    gate.set()
    for thread in inside:
        thread.join(10)
    assert len(begun) == 2 and asked(door, "/api/v1/appointments/")[0] == "201 Created"
