"""Receives the hospital's notices. Python 3.11 or newer, nothing else.

NOTICE_SECRET=… python webhook.py 8080
"""

import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["NOTICE_SECRET"].encode()
OLDEST_SECONDS = 300
seen: set[int] = set()  # in your app: a unique column in the database


def is_genuine(timestamp: str, signatures: str, body: bytes) -> bool:
    """From the hospital, and not sent again by somebody who has listened. During a change of secret there are two."""
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > OLDEST_SECONDS:
        return False
    expected = hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, signature.strip()) for signature in signatures.split(","))


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        timestamp = self.headers.get("X-Notice-Timestamp", "")
        if not is_genuine(timestamp, self.headers.get("X-Notice-Signature", ""), body):
            return self.answer(403)
        notice = json.loads(body)
        if notice["id"] not in seen:  # a repeat is answered like the first and done once
            seen.add(notice["id"])
            print(notice["event"], notice["appointment"], flush=True)
        return self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
