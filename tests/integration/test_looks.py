"""The looks that the front door answers: who sees what, from which moment on, and what is news."""

import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework_simplejwt.tokens import AccessToken

from config.door import looks
from config.door.app import Door
from hospital.models import Appointment, Patient, Session
from hospital.notices import delivery
from hospital.tokens import Claims, claims_of
from insurance.models import Trial
from insurance.trial import admission, api, glance, outlook
from tests import factories
from tests.integration import doing


def went_the_long_way(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("299 long way", [("ETag", '"theirs"')])
    return [b""]


pytestmark = pytest.mark.usefixtures("door_on_this_thread")


@pytest.fixture
def waiting() -> Trial:
    while doing.answered_now():
        pass
    for appointment in factories.told(3):
        trial = admission.enter(appointment)
    return trial


def token(who: Patient) -> str:
    return str(AccessToken.for_user(who.user))


def look(path: str, shown: str = "", **more: str) -> tuple[int, dict[str, str], Any]:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/api/v1/{path}",
        "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(),
        **({"HTTP_AUTHORIZATION": f"Bearer {shown}"} if shown else {}),
        **more,
    }
    answered: list[Any] = []
    body = b"".join(Door(went_the_long_way)(environ, lambda *told: answered.append(told)))
    status, headers = answered[0]
    return int(status[:3]), dict(headers), json.loads(body) if body else None


def of(trial: Trial, shown: str, **more: str) -> int:
    return look(f"trials/{trial.pk}/", shown, **more)[0]


def test_its_patient_is_told_what_the_long_way_tells(waiting: Trial) -> None:
    who = waiting.appointment.patient
    status, headers, told = look(f"trials/{waiting.pk}/", token(who))
    long = doing.speaking_as(who).get(f"{doing.API}/trials/{waiting.pk}/")
    assert status == long.status_code == 200
    passing = dict.fromkeys(api._PASSES_BY_ITSELF, 0)
    assert told | passing == long.json() | passing and told["ahead"] == 2 and set(told) == set(long.json())
    assert headers["ETag"] == long.headers["ETag"]
    for name in ("Cache-Control", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Type"):
        assert name not in long.headers or set(headers[name].split(", ")) == set(long.headers[name].split(", "))


@pytest.mark.parametrize(("late", "statements"), [(False, 1), (True, 4)])
def test_a_place_is_one_statement_and_three_more_where_it_is_told_anew_why_it_is_later(
    late: bool,
    statements: int,
    waiting: Trial,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """What everybody's wait depends on is read once a second for all; at the first look, statements are prepared."""
    shown = token(waiting.appointment.patient)
    monkeypatch.setattr(outlook, "KEPT_SECONDS", 60.0)
    for number in (0, statements):
        if late:
            Trial.objects.update(eta_at=timezone.now())
        with django_assert_num_queries(number) if number else nullcontext():
            assert of(waiting, shown) == 200


@pytest.mark.parametrize("kind", ["trials", "appointments"])
def test_nobody_else_is_told_anything(kind: str, waiting: Trial) -> None:
    """What is not plain goes the long way, which has the words for it."""
    who = waiting.appointment.patient
    path = f"{kind}/{waiting.pk if kind == 'trials' else waiting.appointment_id}/"
    good = token(who)
    tag = look(path, good)[1]["ETag"]
    old = AccessToken.for_user(who.user)
    old.set_exp(lifetime=-timedelta(seconds=1))
    strangers = {
        "anonymous": "",
        "another patient": token(factories.patient()),
        "expired": str(old),
        "forged": good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        "no token": "nonsense",
    }
    for name, shown in strangers.items():
        status, headers, _ = look(path, shown, HTTP_IF_NONE_MATCH=tag)
        assert (status, headers["ETag"]) == (299, '"theirs"'), name
    for more in ({"HTTP_HOST": "elsewhere.example"}, {"HTTP_ORIGIN": "https://a.example"}, {"QUERY_STRING": "a=b"}):
        assert look(path, good, **more)[0] == 299


def test_a_token_is_worth_nothing_from_the_moment_it_is_revoked(waiting: Trial) -> None:
    user = waiting.appointment.patient.user
    shown = token(waiting.appointment.patient)
    assert of(waiting, shown) == 200
    user.is_active = False
    user.save()
    assert of(waiting, shown) == 299
    user.is_active = True
    user.set_password("another one for all devices")
    user.save()
    assert of(waiting, shown) == 299
    assert of(waiting, token(waiting.appointment.patient)) == 299 or claims_of(shown) is not None


def test_without_the_account_in_the_statement_a_revoked_token_would_see(waiting: Trial) -> None:
    """Negative control: its signature and its time are still good."""
    user = waiting.appointment.patient.user
    shown = token(waiting.appointment.patient)
    user.set_password("another one for all devices")
    user.save()
    claims = claims_of(shown)
    assert claims is not None and glance.of_all([(claims, waiting.pk)]) == [None]
    user.refresh_from_db()
    assert not claims.hold(True, user.password)
    assert Claims(claims.user_id, claims.expires_at, AccessToken.for_user(user)["hash_password"]).hold(
        True, user.password
    )


def test_an_expired_token_is_not_known_from_before(monkeypatch: pytest.MonkeyPatch, waiting: Trial) -> None:
    """Its signature is remembered, its time is asked each time."""
    shown = token(waiting.appointment.patient)
    claims = claims_of(shown)
    assert claims is not None
    monkeypatch.setattr("hospital.tokens.time.time", lambda: claims.expires_at + 1)
    assert claims_of(shown) is None


def test_staff_go_the_long_way_which_asks_what_they_may(waiting: Trial) -> None:
    staff = factories.patient()
    staff.user.is_staff = True
    staff.user.save()
    assert of(waiting, token(staff)) == 299


@pytest.mark.parametrize(
    "change",
    [
        lambda trial: Trial.objects.filter(pk=trial.pk).update(state="cancelled"),
        lambda trial: Trial.objects.filter(pk=trial.pk).update(eta_at=timezone.now() + timedelta(hours=1)),
        lambda trial: Trial.objects.filter(pk=trial.pk).update(eta_reason="paused"),
        lambda trial: admission.withdraw(Trial.objects.order_by("pk")[0].appointment),
    ],
    ids=["state", "told moment", "reason", "place"],
)
def test_what_is_news_changes_the_tag(change: Callable[[Trial], Any], waiting: Trial) -> None:
    shown = token(waiting.appointment.patient)
    tag = look(f"trials/{waiting.pk}/", shown)[1]["ETag"]
    assert of(waiting, shown, HTTP_IF_NONE_MATCH=f'"other", {tag}') == 304
    change(waiting)
    status, headers, told = look(f"trials/{waiting.pk}/", shown, HTTP_IF_NONE_MATCH=tag)
    assert status == 200 and headers["ETag"] != tag and told


def version_of(seat: Appointment, shown: str) -> str | None:
    claims = claims_of(shown)
    assert claims is not None
    return looks.stories.versions([(claims, seat.pk)])[0]


def changes_of_a_story() -> dict[str, Callable[[Appointment], Any]]:
    return {
        "seat": lambda seat: Session.objects.filter(pk=seat.session_id).update(capacity=7, free=7),
        "doctor": lambda seat: seat.session.doctor.save(),
        "charges": lambda seat: seat.charges.all()[0].delete(),
        "notices": lambda seat: delivery.send_due(100),
        "trial": lambda seat: admission.enter(seat),
        "state": lambda seat: Appointment.objects.filter(pk=seat.pk).update(state="cancelled"),
    }


@pytest.mark.parametrize("name", list(changes_of_a_story()))
def test_a_story_is_news_when_any_row_of_it_changes(name: str) -> None:
    seat = factories.told()[0]
    path, shown = f"appointments/{seat.pk}/", token(seat.patient)
    if name == "notices":
        seat.notices.update(state="pending")
    tag = look(path, shown)[1].get("ETag", "")
    first = version_of(seat, shown)
    assert version_of(seat, shown) == first
    assert look(path, shown, HTTP_IF_NONE_MATCH=f'W/"{first}-0"')[0] == 304, tag
    changes_of_a_story()[name](seat)
    assert look(path, shown, HTTP_IF_NONE_MATCH=f'W/"{first}-0"')[0] == 299


def test_a_story_in_another_language_is_another_one() -> None:
    seat = factories.told()[0]
    path, shown = f"appointments/{seat.pk}/", token(seat.patient)
    version = version_of(seat, shown)
    assert look(path, shown, HTTP_IF_NONE_MATCH=f'W/"{version}-0"', HTTP_ACCEPT_LANGUAGE="en")[0] == 299


def asked(path: str, shown: str) -> looks.Look:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/api/v1/{path}", "HTTP_HOST": "localhost"}
    found = looks.look(environ | {"HTTP_AUTHORIZATION": f"Bearer {shown}"})
    assert found is not None
    return found


@pytest.fixture
def together() -> list[looks.Look]:
    """Three patients at their trials, one at the story, one at another's trial and one at the line."""
    trials = [admission.enter(one) for one in factories.told(3)]
    own = [token(trial.appointment.patient) for trial in trials]
    at_trials = [asked(f"trials/{trial.pk}/", shown) for trial, shown in zip(trials, own, strict=True)]
    at_story = asked(f"appointments/{trials[0].appointment_id}/", own[0])
    return [*at_trials[:2], at_story, asked(f"trials/{trials[1].pk}/", own[0]), at_trials[2], asked("line/", own[0])]


def test_who_look_together_are_told_what_each_is_told_alone(together: list[looks.Look]) -> None:
    alone = [looks.answer_all([one])[0] for one in together]
    assert [bool(answer) or etag[:3] for answer, etag in alone] == [True, True, 'W/"', "", True, True]
    assert looks.answer_all(together) == alone
    assert looks.answer_all(together[::-1]) == alone[::-1]


def test_together_they_cost_a_statement_a_kind(
    together: list[looks.Look], monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(outlook, "KEPT_SECONDS", 60.0)
    looks.answer_all(together)
    with django_assert_num_queries(2):
        looks.answer_all(together)


def test_a_defect_that_one_look_meets_is_nobody_elses(
    together: list[looks.Look], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = api.seen

    def seen(trial: Trial) -> tuple[dict[str, Any], str]:
        if trial.pk == together[1].pk:
            raise ZeroDivisionError
        return right(trial)

    monkeypatch.setattr(api, "seen", seen)
    met = [answer is None for answer, _ in looks.answer_all(together)]
    assert met == [False, True, True, True, False, False], "the story is always told the long way, a stranger too"
    assert "goes the long way" in caplog.text


def test_the_line_is_read_once_for_all_and_is_everybodys() -> None:
    first = look("line/")
    assert (first[0], first[2]["waiting"]) == (200, 0)
    assert set(first[1]["Cache-Control"].split(", ")) == {"public", "max-age=1"}
    admission.enter(factories.told()[0])
    assert look("line/")[2] == first[2]
    assert look("line/", HTTP_IF_NONE_MATCH=first[1]["ETag"])[0] == 304
    looks.line.read_at = 0.0
    monotonic_long_ago = looks.line.answer(looks.Look("line", 0, None, ()))
    assert monotonic_long_ago is None or monotonic_long_ago.status == 200
