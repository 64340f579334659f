"""Workers that begin the day together: one of them signs in."""

import threading

import pytest

from insurance.interface.errors import NotSent
from insurance.quota import insurers, signing_in
from tests.races.together import at_once, codes, good


def test_workers_that_begin_the_day_together_sign_in_once() -> None:
    insurer_id, asked, claimed = insurers.default().pk, [], threading.Event()

    def sign_in() -> str:
        """The others come while this is under way."""
        asked.append(1)
        claimed.wait(timeout=10)
        return f"{len(asked):06d}"

    def number() -> str:
        try:
            return signing_in.number(insurer_id, sign_in)
        except NotSent:
            claimed.set()
            raise

    outcomes = at_once([number] * 8, threads=8)
    assert len(asked) == 1 and set(good(outcomes)) == {"000001"}
    assert set(codes(outcomes)) == {"NotSent"}
    assert signing_in.number(insurer_id, sign_in) == "000001"


def test_without_the_claim_two_workers_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: both have seen that there is no number yet."""
    monkeypatch.setattr(signing_in, "_claimed", lambda *seen: True)
    insurer_id, asked, both = insurers.default().pk, [], threading.Barrier(2)

    def sign_in() -> str:
        both.wait(timeout=10)
        asked.append(1)
        return "000001"

    at_once([lambda: signing_in.number(insurer_id, sign_in)] * 2, threads=2)
    assert len(asked) == 2
