"""Those who look together, while somebody else has a row that one of them is told about."""

import threading

import pytest
from django.db import connections
from rest_framework_simplejwt.tokens import AccessToken

from config.door import looks
from hospital.prepared import Prepared
from insurance.models import Trial
from insurance.trial import admission, eta
from tests import factories
from tests.races.held import held_elsewhere
from tests.races.together import wait_until

_WAITING = Prepared(
    "eta_tell_waiting",
    eta._tell.types,
    eta._tell.sql.replace("FOR NO KEY UPDATE SKIP LOCKED", "FOR NO KEY UPDATE"),
)
"""The statement without its guard."""


@pytest.fixture
def together() -> list[looks.Look]:
    """Two patients who look for the first time: both are to be told when their turn comes."""
    trials = [admission.enter(one) for one in factories.told(2)]
    Trial.objects.update(eta_at=None, eta_told_at=None, predicted_seconds=None)
    shown = [str(AccessToken.for_user(trial.appointment.patient.user)) for trial in trials]
    return [look_at(trial, token) for trial, token in zip(trials, shown, strict=True)]


def look_at(trial: Trial, shown: str) -> looks.Look:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/api/v1/trials/{trial.pk}/", "HTTP_HOST": "localhost"}
    look = looks.look(environ | {"HTTP_AUTHORIZATION": f"Bearer {shown}"})
    assert look is not None
    return look


def answered_within(seconds: float, asked: list[looks.Look]) -> list[looks.Seen]:
    """What a thread of the door answers, if it does so in time."""
    answers: list[looks.Seen] = []

    def answer() -> None:
        answers.extend(looks.answer_all(asked))
        connections.close_all()

    thread = threading.Thread(target=answer)
    thread.start()
    thread.join(seconds)
    return list(answers)


def test_whoever_has_the_row_of_one_holds_up_nobody(together: list[looks.Look]) -> None:
    with held_elsewhere(Trial, together[0].pk):
        answers = answered_within(10, together)
        assert [answer is not None and answer.status for answer, _ in answers] == [200, 200]
    told = dict(Trial.objects.values_list("pk", "eta_at"))
    assert told[together[0].pk] is None and told[together[1].pk] is not None, "what could not be kept is told anew"


def test_without_that_everybody_waits(together: list[looks.Look], monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(eta, "_tell", _WAITING)
    with held_elsewhere(Trial, together[0].pk):
        assert answered_within(1, together) == []
    wait_until(lambda: not Trial.objects.filter(eta_at=None).exists())  # the one that waited has its turn
