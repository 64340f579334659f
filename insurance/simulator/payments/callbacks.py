"""Tell the merchant about a change of state: signed, repeated until a 2xx answer, and at times badly."""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine
from datetime import UTC, datetime

from insurance.simulator.asgi import dumps
from insurance.simulator.faults import Faults
from insurance.simulator.payments.orders import PAID, Order
from insurance.simulator.payments.post import post
from insurance.simulator.payments.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

log = logging.getLogger(__name__)

SCHEDULE_SECONDS = (0, 1, 2, 5, 15, 30, 60)
LATE_SECONDS = 2.0
HELD_SECONDS = 30.0
CALLBACK = "callback"


class Callbacks:
    """The callbacks under way. What each kind of fault does:

    lose_callback: never sent. late_callback: sent after `seconds` (2). duplicate_callback: delivered twice.
    out_of_order: held until a later one of the same order was delivered, at most `seconds` (30).
    forge: a wrongly signed one goes first; for a new order one that says "paid".
    """

    def __init__(self, secret: str, faults: Faults, schedule: tuple[float, ...] = SCHEDULE_SECONDS) -> None:
        self.secret = secret
        self.faults = faults
        self.schedule = schedule
        self.counts: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivered: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    @property
    def under_way(self) -> int:
        return len(self._tasks)

    def announce(self, order: Order) -> None:
        """Tell the order's present state."""
        if order.notify_url:
            self._start(self._tell(order.order_no, order.notify_url, _body(order, order.state)))

    def tempt(self, order: Order) -> None:
        """A new order: perhaps somebody who does not know the secret says it is paid."""
        if order.notify_url and self._struck("forge"):
            self._start(self._forge(order.notify_url, _body(order, PAID)))

    def stop(self) -> None:
        """Forget every callback under way."""
        for task in self._tasks:
            task.cancel()

    def _start(self, telling: Coroutine[object, object, None]) -> None:
        # The loop itself holds tasks only weakly.
        task = asyncio.get_running_loop().create_task(telling)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _struck(self, kind: str) -> bool:
        return self.faults.strike(CALLBACK, kind) is not None

    async def _tell(self, order_no: str, url: str, body: bytes) -> None:
        if self._struck("forge"):
            await self._forge(url, body)
        if self._struck("lose_callback"):
            self.counts["lost"] += 1
            return
        await self._wait_if_struck(order_no)
        for _ in range(2 if self._struck("duplicate_callback") else 1):
            await self._deliver(url, body)
        self._delivered.pop(order_no, asyncio.Event()).set()

    async def _wait_if_struck(self, order_no: str) -> None:
        late = self.faults.strike(CALLBACK, "late_callback")
        if late is not None:
            await asyncio.sleep(late.wait(LATE_SECONDS))
        if order_no in self._delivered:
            return  # one of this order is held back already: this is the one that overtakes it
        held = self.faults.strike(CALLBACK, "out_of_order")
        if held is not None:
            overtaken = asyncio.ensure_future(self._delivered[order_no].wait())
            await asyncio.wait([overtaken], timeout=held.wait(HELD_SECONDS))
            overtaken.cancel()

    async def _deliver(self, url: str, body: bytes) -> None:
        """Repeat until a 2xx answer or the end of the schedule."""
        for delay in self.schedule:
            await asyncio.sleep(delay)
            timestamp = str(int(time.time()))
            status = await self._send(url, body, timestamp, sign(self.secret, timestamp.encode(), body))
            if 200 <= status < 300:
                self.counts["delivered"] += 1
                return
            self.counts["failed_attempts"] += 1
        self.counts["given_up"] += 1

    async def _forge(self, url: str, body: bytes) -> None:
        self.counts["forged"] += 1
        timestamp = str(int(time.time()))
        await self._send(url, body, timestamp, sign("not the secret", timestamp.encode(), body))

    async def _send(self, url: str, body: bytes, timestamp: str, signature: str) -> int:
        """The status answered, 0 for none."""
        self.counts["sent"] += 1
        try:
            return await post(url, {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature}, body)
        except (OSError, ValueError, IndexError) as error:
            log.info("callback to %s: no answer: %r", url, error)
            return 0


def _body(order: Order, state: str) -> bytes:
    return dumps(
        {
            "order_no": order.order_no,
            "transaction_no": order.transaction_no,
            "state": state,
            "amount_fen": order.amount_fen,
            "at": datetime.now(UTC).isoformat(),
        }
    )
