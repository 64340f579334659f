"""What the system refuses, each with a stable `code` and a sentence that says what to do.

    Refusal
    ├── Invalid       the request is wrong as it stands           422
    ├── NotFound      there is no such thing, or it is not yours  404
    ├── Conflict      right, but not in the present state         409
    ├── Forbidden     right, but not for this person              403
    ├── HeldBack      right, but later: `retry_after_seconds`     429
    └── Unavailable   right, but we cannot now                    503

`config/errors.py` turns them into `problem+json`; nothing in here knows HTTP.
"""

from typing import Any


class Refusal(Exception):
    """A request refused on purpose. `code` is stable and for programs; `detail` is for people and translated."""

    def __init__(self, code: str, detail: Any, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.more = more


class Invalid(Refusal):
    """Wrong as it stands: change the request."""


class NotFound(Refusal):
    """No such thing for this person."""


class Conflict(Refusal):
    """Not in the present state."""


class Forbidden(Refusal):
    """Not for this person."""


class HeldBack(Refusal):
    """Not now: come back in `retry_after_seconds`."""

    def __init__(self, code: str, detail: Any, *, retry_after_seconds: int) -> None:
        super().__init__(code, detail, retry_after_seconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(HeldBack):
    """Something that is needed is away."""
