"""A gateway before a centre: signs each message, and learns from a refusal what the next one must look like.

It sends a message once. A signature that was refused has reached nobody, so it is `NotSent` to the caller, who sends
it anew, as a message of its own under a permit of its own; by then the clock or the key is another. So no message can
arrive twice, and the limit counts what it should count.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from insurance.interface.exchange import Reply, Request
from insurance.interface.gateways.refusals import UNAUTHORIZED, Refusal, refusal_of
from insurance.interface.gateways.signing import Key, Sign
from insurance.interface.gateways.skew import seconds_ahead
from insurance.interface.transport import Transport

log = logging.getLogger(__name__)

TOLD_SECONDS = 60.0
"""A clock so far away is told of. H's signatures hold for 30 minutes; other gateways do not say for how long."""

LEAST_SECONDS = 2.0
"""Closer than this the measure says nothing."""


class Gateway:
    """A Transport around another one. Threads may share it."""

    def __init__(
        self, transport: Transport, sign: Sign, keys: Sequence[Key], clock: Callable[[], float] = time.time
    ) -> None:
        """`keys`: the current one, then the next, which is tried when the current one is refused. ValueError: none."""
        if not keys:
            raise ValueError("a gateway needs a key")
        self._transport, self._sign, self._clock = transport, sign, clock
        self._keys, self._place = tuple(keys), 0
        self._correction_seconds = 0.0
        self.ahead_seconds: float | None = None
        """How far the gateway's clock is ahead of ours, by its last answer; None: not known."""

    def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
        """As the Transport inside. A refusal by the gateway comes back with HTTP 401, however it was written."""
        place, sent_at = self._place, self._clock()
        headers = self._sign(request, self._keys[place], sent_at + self._correction_seconds)
        signed = replace(request, headers={**request.headers, **headers})
        reply = self._transport.send(signed, timeout_seconds, begun_at)
        self._look_at_the_clock(reply, sent_at)
        refusal = refusal_of(reply)
        if refusal is None:
            return reply
        self._learn(refusal, place)
        return replace(reply, status=UNAUTHORIZED)

    def _look_at_the_clock(self, reply: Reply, sent_at: float) -> None:
        before, ahead = self.ahead_seconds, seconds_ahead(reply, sent_at, self._clock())
        if ahead is None:
            return
        self.ahead_seconds = ahead
        if abs(ahead) >= TOLD_SECONDS > abs(before or 0.0):
            log.warning("the gateway's clock is %+.0f s from ours", ahead)

    def _learn(self, refusal: Refusal, place: int) -> None:
        """What to do otherwise next time; the same refusal may have come to several threads at once."""
        if refusal is Refusal.TIME or (refusal is Refusal.UNNAMED and self._is_far_away()):
            self._correct()
        elif refusal is not Refusal.NO_HEADERS and place == self._place:
            self._place = (place + 1) % len(self._keys)
        log.error("the gateway refused the signature (%s, key %d of %d)", refusal, place + 1, len(self._keys))

    def _is_far_away(self) -> bool:
        return abs((self.ahead_seconds or 0.0) - self._correction_seconds) >= TOLD_SECONDS

    def _correct(self) -> None:
        """From now on the time in a signature is the gateway's own."""
        ahead = self.ahead_seconds or 0.0
        self._correction_seconds = ahead if abs(ahead) >= LEAST_SECONDS else 0.0
