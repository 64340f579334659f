"""A stand-in for hospital and payment institution: as little as one crowd needs, over real HTTP, by a script."""

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, Any]]


class StandIn:
    """Its state, and what it is to do wrong."""

    def __init__(self) -> None:
        self.ids = itertools.count(1)
        self.booked: list[int] = []
        self.lock = threading.Lock()
        self.looks: Counter[str] = Counter()
        self.keys: dict[str, dict[str, Any]] = {}
        self.paid: set[str] = set()
        self.modes: dict[str, str] = {}
        self.insured_in: Counter[str | None] = Counter()
        """Who was booked, by the region of the card; None: without one."""
        self.failures: dict[str, list[int]] = {}
        """By path prefix: statuses to answer before the real answer; 0 closes the connection after the work is done."""
        self.last_state = "completed"
        self.seats = 1000
        self.address = ""

    def answer(self, method: str, path: str, body: dict[str, Any], key: str | None) -> Answer:
        """The answer to one request; a key seen before gets the first answer again."""
        if key in self.keys:
            return 201, self.keys[str(key)]
        status, content = self._fresh(method, [part for part in path.removeprefix("/api/v1").split("/") if part], body)
        if key and status < 400:
            self.keys[key] = content
        return status, content

    def _fresh(self, method: str, parts: list[str], body: dict[str, Any]) -> Answer:
        match (method, *parts):
            case ("POST", "accounts"):
                return 201, {}
            case ("POST", "token"):
                return 200, {"access": "a-token", "refresh": "r"}
            case ("GET", "sessions"):
                return 200, {"results": [{"id": "full"}, {"id": "s1"}]}
            case ("POST", "appointments"):
                return self._book(body["session"], body["insurance_card"].get("region"))
            case ("GET", "notices", _):
                return 200, {
                    "results": [self._notice(number) for number in self.booked if self._looked(f"a{number}") > 1]
                }
            case ("POST", "appointments", name, "trials"):
                return 202, {
                    "id": f"t{name}",
                    "state": "waiting",
                    "ahead": 2,
                    "eta_seconds": 1,
                    "poll_after_seconds": 0,
                }
            case ("GET", "trials", name):
                return 200, {"id": name, "state": "priced" if self._looked(name) > 1 else "waiting", "ahead": 1}
            case ("POST", "trials", name, "settlements"):
                self.modes[f"s{name}"] = body["mode"]
                return 202, {"id": f"s{name}", "state": "waiting"}
            case ("GET", "settlements", name):
                return 200, self._settlement(name)
            case ("POST", "pay", name):
                self.paid.add(name)
                return 200, {}
        return 404, {"code": "not_found"}

    def _looked(self, name: str) -> int:
        self.looks[name] += 1
        return self.looks[name]

    def _book(self, session: str, region: str | None) -> Answer:
        if session == "full" or self.seats == 0:
            return 409, {"code": "session_full"}
        self.seats -= 1
        self.insured_in[region] += 1
        self.booked.append(next(self.ids))
        return 201, {"id": self.booked[-1], "state": "booked", "archive": {"state": "queued", "ahead": 0}}

    def _notice(self, number: int) -> dict[str, Any]:
        return {"kind": "filed", "appointment": number, "sent_at": "2026-01-01T00:00:00+08:00"}

    def _settlement(self, name: str) -> dict[str, Any]:
        if name in self.paid:
            return {"id": name, "state": self.last_state}
        return {"id": name, "state": "paying", "payment": {"url": f"{self.address}/pay/{name}"}}

    def failure(self, path: str) -> int | None:
        """What goes wrong with this request, if anything."""
        for prefix, statuses in self.failures.items():
            if path.removeprefix("/api/v1").startswith(prefix) and statuses:
                return statuses.pop(0)
        return None


@contextmanager
def serving(stand_in: StandIn) -> Iterator[str]:
    """Serve on a free port; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.reply("GET")

        def do_POST(self) -> None:
            self.reply("POST")

        def reply(self, method: str) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            with stand_in.lock:
                wrong = stand_in.failure(self.path)
                if wrong:
                    return self.send(wrong, {"code": "line_full" if wrong == 429 else "broken"})
                status, content = stand_in.answer(method, self.path, body, self.headers.get("Idempotency-Key"))
            if wrong == 0:
                self.close_connection = True  # the work is done, the answer is lost
                return None
            return self.send(status, content)

        def send(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/problem+json" if status >= 400 else "application/json")
            self.send_header("Content-Length", str(len(data)))
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the test says what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stand_in.address
    finally:
        server.shutdown()
        server.server_close()
