"""One patient, from the account to the end of the settlement. Python 3.11 or newer, nothing else.

python patient.py https://hospital.example/api/v1 USERNAME PASSWORD NAME ID_NUMBER
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

API, USERNAME, PASSWORD, NAME, ID_NUMBER = sys.argv[1:]
TRY_AGAIN = (429, 502, 503, 504)
UNDER_WAY = ("waiting", "calling")
ENDS = ("completed", "refused", "reversed", "manual")
tokens: dict[str, str] = {}
kept: dict[str, tuple[str, Any]] = {}  # address -> its ETag and what stood there


class Problem(Exception):
    """What the hospital refuses (RFC 9457): `code` is stable."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.code = problem["code"]


def call(method: str, path: str, body: Any = None, key: str = "") -> Any:
    """The answer. With the same `key` on every attempt, a repetition does no harm."""
    headers = {"Content-Type": "application/json", "Accept-Language": "zh-hans"}
    headers |= {"Authorization": f"Bearer {tokens['access']}"} if tokens else {}
    headers |= {"Idempotency-Key": key} if key else {}
    headers |= {"If-None-Match": kept[path][0]} if method == "GET" and path in kept else {}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(API + path, data, headers, method=method)) as answer:
            found = json.loads(answer.read() or "null")
            if method == "GET" and "ETag" in answer.headers:
                kept[path] = (answer.headers["ETag"], found)
            return found
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return kept[path][1]
        if error.code in TRY_AGAIN:
            time.sleep(int(error.headers.get("Retry-After", 2)))
            return call(method, path, body, key)
        problem = json.loads(error.read())
        if problem["code"] == "token_not_valid" and path != "/token/refresh/":
            refresh()
            return call(method, path, body, key)
        raise Problem(problem) from error


def refresh() -> None:
    """A new pair. The old refresh token is used up: keep the new one before anything else."""
    old = tokens.pop("refresh")
    tokens.clear()
    tokens.update(call("POST", "/token/refresh/", {"refresh": old}))


def sign_in() -> None:
    person = {"username": USERNAME, "password": PASSWORD, "name": NAME, "id_number": ID_NUMBER, "phone": "13800000000"}
    try:
        call("POST", "/accounts/", person)
    except Problem as problem:
        if problem.code != "username_taken":
            raise
    tokens.update(call("POST", "/token/", {"username": USERNAME, "password": PASSWORD}))


def book() -> int:
    """The first session with a free seat; where somebody was faster, the next."""
    for session in call("GET", "/sessions/"):
        wanted = {"session": session["id"], "insurance_card": {"type": "02", "number": ID_NUMBER}}
        try:
            return int(call("POST", "/appointments/", wanted, key=str(uuid.uuid4()))["id"])
        except Problem as problem:
            if problem.code not in ("session_full", "session_over"):
                raise
    raise SystemExit("no free seat")


def wait_until_told(appointment: int) -> None:
    """Read the inbox on from the last notice."""
    last = 0
    while True:
        for notice in call("GET", f"/notices/?after={last}"):
            last = notice["id"]
            if notice["appointment"] == appointment:
                print(notice["title"])
                if notice["kind"] == "rejected":
                    raise SystemExit(notice["text"])
                if notice["kind"] == "filed":
                    return
        time.sleep(2)


def follow(path: str, over: Any) -> dict[str, Any]:
    """Look again as often as the hospital says, until it is over."""
    while True:
        found: dict[str, Any] = call("GET", path)
        if over(found):
            return found
        time.sleep(found.get("poll_after_seconds", 2))


def pay(url: str) -> None:
    """Open the institution's page in the patient's browser; a simulated institution is paid by a POST."""
    print("pay here:", url, flush=True)
    if os.environ.get("SIMULATED"):
        urllib.request.urlopen(urllib.request.Request(url, b"", method="POST")).close()


def main() -> None:
    sign_in()
    appointment = book()
    wait_until_told(appointment)
    place = call("POST", f"/appointments/{appointment}/trials/", {})
    trial = follow(f"/trials/{place['id']}/", lambda trial: trial["state"] not in UNDER_WAY)
    if trial["state"] != "priced":
        raise SystemExit(f"no bill: {trial['state']} {trial.get('reason', '')}")
    print("to pay:", trial["cash_fen"], "of", trial["total_fen"], "fen")
    opened = call("POST", f"/trials/{trial['id']}/settlements/", {"mode": "insurance"}, key=str(uuid.uuid4()))
    path = f"/settlements/{opened['id']}/"
    settlement = follow(path, lambda settlement: "payment" in settlement or settlement["state"] in ENDS)
    if "payment" in settlement:
        pay(settlement["payment"]["url"])
        settlement = follow(path, lambda settlement: settlement["state"] in ENDS)
    call("POST", "/token/revoke/", {"refresh": tokens["refresh"]})
    print(settlement["state"])


main()
