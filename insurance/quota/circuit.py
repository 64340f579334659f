"""The circuit breaker of an insurer (pybreaker), its state in the insurer's row: one circuit for all workers.

Silence and refused connections count; an answer of whatever kind is a sign of life. The gate reads the state: while
the circuit is open nobody is let through, and after INSURANCE_PROBE_SECONDS one call at a time looks whether the
interface is back.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F
from pybreaker import STATE_OPEN, CircuitBreaker, CircuitBreakerError, CircuitBreakerListener, CircuitBreakerStorage

from insurance.quota import adapting
from insurance.quota.gate import CLOSED_CIRCUIT
from insurance.quota.models import Insurer


class _Silence(Exception):
    """The interface gave no sign of life."""


def alive(insurer_id: int) -> None:
    """The interface answered."""
    at_rest = Insurer.objects.filter(pk=insurer_id, circuit=CLOSED_CIRCUIT, circuit_failures=0)
    if not at_rest.exists():
        with suppress(CircuitBreakerError):  # opened by a host whose clock is ahead: the next answer closes it
            _breaker(insurer_id).call(_nothing)


def silent(insurer_id: int) -> None:
    """The interface could not be reached or did not answer."""
    with suppress(_Silence, CircuitBreakerError):
        _breaker(insurer_id).call(_no_answer)


def _breaker(insurer_id: int) -> CircuitBreaker:
    """When a probe may go out is the gate's decision, so here every result of an open circuit is one of a probe."""
    return CircuitBreaker(
        fail_max=settings.INSURANCE_BREAK_AFTER,
        reset_timeout=0,
        listeners=[_Listener(insurer_id)],
        state_storage=_Row(insurer_id),
        throw_new_error_on_trip=False,
    )


def _nothing() -> None:
    return


def _no_answer() -> None:
    raise _Silence


class _Listener(CircuitBreakerListener):
    """An interface that comes back is not met with everything at once."""

    def __init__(self, insurer_id: int) -> None:
        self.insurer_id = insurer_id

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:
        if new_state.name == STATE_OPEN:
            adapting.fallen(self.insurer_id)


class _Row(CircuitBreakerStorage):
    """pybreaker's state in the insurer's row."""

    def __init__(self, insurer_id: int) -> None:
        super().__init__("insurer")
        self._row = Insurer.objects.filter(pk=insurer_id)

    @property
    def state(self) -> str:
        return str(self._field("circuit"))

    @state.setter
    def state(self, state: str) -> None:
        self._row.update(circuit=state)

    def increment_counter(self) -> None:
        self._row.update(circuit_failures=F("circuit_failures") + 1)

    def reset_counter(self) -> None:
        self._row.update(circuit_failures=0)

    def increment_success_counter(self) -> None:
        self._row.update(circuit_successes=F("circuit_successes") + 1)

    def reset_success_counter(self) -> None:
        self._row.update(circuit_successes=0)

    @property
    def counter(self) -> int:
        return int(self._field("circuit_failures"))

    @property
    def success_counter(self) -> int:
        return int(self._field("circuit_successes"))

    @property
    def opened_at(self) -> datetime | None:
        opened_at: datetime | None = self._field("circuit_opened_at")
        return opened_at

    @opened_at.setter
    def opened_at(self, moment: datetime) -> None:
        self._row.update(circuit_opened_at=moment)

    def _field(self, name: str) -> Any:
        return self._row.values_list(name, flat=True).get()
