"""A booking at the front door is what it is by the long way: rows, answer, headers, refusals, keys, limits, log."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import structlog
from django.conf import LazySettings
from django.core.cache import caches
from django.db.models.expressions import RawSQL
from django.test.client import ClientHandler
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from config.door import app, bookings
from config.door.app import Door
from hospital.models import Appointment, Archive, Charge, IdempotentRequest, Journal, Patient, Session
from tests import factories

pytestmark = pytest.mark.usefixtures("door_on_this_thread", "own_counters")

NOT_PLAIN = {"QUERY_STRING": "a=b"}
"""Goes the long way, and means the same."""

Told = tuple[int, dict[str, str], dict[str, Any]]


def passed_on(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("299 passed on", [])
    return [json.dumps({"body": environ["wsgi.input"].read().decode("latin-1")}).encode()]


def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """In this test's transaction."""
    response: Any = ClientHandler(enforce_csrf_checks=True)(environ)
    start_response(f"{response.status_code} told", list(response.headers.items()))
    return [response.content]


def wanted(who: Patient, session: Session, **more: Any) -> dict[str, Any]:
    return {"session": session.pk, "insurance_card": {"type": "02", "number": who.id_number, **more}}


def post(who: Patient, body: Any, *, door: Door | None = None, **more: str) -> Told:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": bookings.PATH,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "203.0.113.5",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT_LANGUAGE": "en",
        "HTTP_AUTHORIZATION": f"Bearer {AccessToken.for_user(who.user)}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(raw),
        **more,
    }
    told: list[Any] = []
    answer = b"".join((door or Door(passed_on))(environ, lambda *said: told.append(said)))
    return int(told[0][0][:3]), dict(told[0][1]), json.loads(answer)


def by_the_long_way(who: Patient, body: Any, **more: str) -> Told:
    return post(who, body, door=Door(django), **NOT_PLAIN, **more)


def test_it_answers_as_the_long_way_does() -> None:
    first, second, session = factories.patient(), factories.patient(), factories.session()
    long_status, long_headers, long = by_the_long_way(first, wanted(first, session))
    status, headers, told = post(second, wanted(second, session))
    assert status == long_status == 201
    assert told | {"id": 0} == {"id": 0, "state": "booked", "archive": {"state": "queued", "ahead": 1}}
    assert long | {"id": 0} == {"id": 0, "state": "booked", "archive": {"state": "queued", "ahead": 0}}
    assert headers["Location"] == f"/api/v1/appointments/{told['id']}/"
    same = set(long_headers) - {"Allow", "Content-Language"}
    differing = {"Location", "X-Request-ID", "Content-Length"}
    assert set(headers) == same
    assert {name: headers[name] for name in same - differing} == {name: long_headers[name] for name in same - differing}


def test_it_writes_what_the_long_way_writes() -> None:
    first, second, session = factories.patient(), factories.patient(), factories.session()
    by_the_long_way(first, wanted(first, session, region="330100"))
    post(second, wanted(second, session, region="330100"))
    session.refresh_from_db()
    assert session.free == session.capacity - 2
    long, door = Appointment.objects.order_by("pk")
    own = ("id", "appointment_id", "patient_id", "created_at", "occurred_at", "at", "item_id")
    for kind, of in ((Appointment, "pk"), (Archive, "appointment"), (Charge, "appointment")):
        pairs = zip(kind.objects.filter(**{of: long.pk}), kind.objects.filter(**{of: door.pk}), strict=True)
        for one, other in pairs:
            personal = {"name", "id_number", "id_index", "phone", "card_number", "card_index", "card_tail", "due_at"}
            for field in one._meta.concrete_fields:
                if field.attname not in own and field.name not in personal:
                    assert getattr(one, field.attname) == getattr(other, field.attname), field
    archive = Archive.objects.get(appointment=door)
    assert (archive.name, archive.id_number, archive.card_number) == (second.name, second.id_number, second.id_number)
    journal = Journal.objects.filter(item_id__in=[door.pk, archive.pk]).values_list("kind", "from_state", "to_state")
    assert {("appointment", "", "booked"), ("archive", "", "queued")} <= set(journal)


@pytest.mark.parametrize("key", [None, "one key"])
def test_the_refusals_that_it_makes_are_the_long_ways(key: str | None) -> None:
    keyed = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    first, second, session = factories.patient(), factories.patient(), factories.session(seats=1)
    assert post(first, wanted(first, session), **keyed)[0] == 201
    for _ in range(2):  # asked of the database, and then known
        status, headers, told = post(second, wanted(second, session), **keyed)
        long_status, long_headers, long = by_the_long_way(second, wanted(second, session), **keyed)
        assert status == long_status == 409 and told["code"] == "session_full"
        assert told | {"request_id": ""} == long | {"request_id": ""}
        assert told["request_id"] == headers["X-Request-ID"]
        assert headers["Content-Type"] == long_headers["Content-Type"] == "application/problem+json"
    assert IdempotentRequest.objects.count() == (1 if key else 0), "a refusal leaves no key behind"


def test_it_speaks_the_askers_language() -> None:
    who, session = factories.patient(), factories.session(seats=1)
    factories.booked(session)
    told = post(who, wanted(who, session), HTTP_ACCEPT_LANGUAGE="zh-hans")[2]
    assert told["detail"] == by_the_long_way(who, wanted(who, session), HTTP_ACCEPT_LANGUAGE="zh-hans")[2]["detail"]
    assert told["detail"] != post(who, wanted(who, session))[2]["detail"]


def test_a_bad_card_and_too_many_are_told_as_by_the_long_way(settings: LazySettings) -> None:
    settings.RATE_LIMIT_PER_USER = "2/m"
    who, session = factories.patient(), factories.session()
    wrong = {"session": session.pk, "insurance_card": {"type": "02", "number": "110101199001010000"}}
    assert post(who, wrong)[2]["code"] == by_the_long_way(who, wrong)[2]["code"] == "bad_card"
    status, headers, told = post(who, wanted(who, session))
    assert (status, told["code"]) == (429, "too_many_requests") and told["detail"].startswith("Too many requests")
    assert 1 <= int(headers["Retry-After"]) <= 61
    assert by_the_long_way(who, wanted(who, session))[2]["code"] == "too_many_requests", "counted together"
    assert not Appointment.objects.exists()


def test_what_goes_the_long_way_after_all_is_counted_once(settings: LazySettings) -> None:
    settings.RATE_LIMIT_PER_USER = "3/m"
    who, session = factories.patient(), factories.session()
    door = Door(django)
    assert post(who, wanted(who, session), door=door)[0] == 201
    for _ in range(2):
        assert post(who, wanted(who, session), door=door)[2]["code"] == "already_booked"
    assert post(who, wanted(who, session), door=door)[0] == 429


def test_whoever_comes_too_late_is_counted_and_known_all_the_same(settings: LazySettings) -> None:
    settings.RATE_LIMIT_PER_USER = "2/m"
    session, who, shut = factories.session(seats=1), factories.patient(), factories.patient()
    factories.booked(session)
    assert [post(who, wanted(who, session))[0] for _ in range(3)] == [409, 409, 429]
    _shut(shut)
    assert post(shut, wanted(shut, session))[0] == 299


def test_in_one_round_each_is_counted_apart(settings: LazySettings) -> None:
    """Also who stands behind somebody that is held back."""
    settings.RATE_LIMIT_PER_USER = "1/m"
    eager, other = factories.patient(), factories.patient()
    first, second = factories.session(), factories.session()
    told = bookings.answer_all([_read(eager, first), _read(eager, second), _read(other, first)])
    assert [getattr(one, "code", "booked") for one in told] == ["booked", "too_many_requests", "booked"]
    assert post(other, wanted(other, second))[0] == 429


def test_what_was_counted_is_forgotten_with_its_window() -> None:
    client: Any = caches["default"]
    who, session = factories.patient(), factories.session()
    assert post(who, wanted(who, session))[0] == 201
    counted = client._cache.get_client(write=True)
    left = [counted.ttl(key) for key in counted.scan_iter(f"{client.key_prefix}:*rl:*")]
    assert len(left) == 2 and all(0 < seconds <= 120 for seconds in left)


def test_nobody_can_say_that_it_was_counted(settings: LazySettings) -> None:
    """A header never has the name under which the door says so."""
    settings.RATE_LIMIT_PER_USER = "1/m"
    who, session = factories.patient(), factories.session()
    told = {"HTTP_HOSPITAL_REST_COUNTED": "booking", "HTTP_HOSPITAL.REST.COUNTED": "booking"}
    assert by_the_long_way(who, wanted(who, session), **told)[0] == 201
    assert by_the_long_way(who, wanted(who, session), **told)[0] == 429


def test_a_key_gives_the_same_answer_on_both_ways() -> None:
    who, session = factories.patient(), factories.session()
    door = Door(django)
    key = {"HTTP_IDEMPOTENCY_KEY": "a key of the app"}
    first = post(who, wanted(who, session, region="330100"), **key)
    assert first[0] == 201
    for again in (post, by_the_long_way):
        told = again(
            who, wanted(who, session, region="330100"), **(key if again is by_the_long_way else {**key, "door": door})
        )  # type: ignore[operator]
        assert (told[0], told[2], told[1]["Location"]) == (201, first[2], first[1]["Location"])
    other = factories.session()
    assert post(who, wanted(who, other), door=door, **key)[2]["code"] == "idempotency_key_reused"
    assert Appointment.objects.count() == 1


def test_a_known_key_is_answered_though_the_session_is_full_by_now() -> None:
    who, session = factories.patient(), factories.session(seats=1)
    door, key = Door(django), {"HTTP_IDEMPOTENCY_KEY": "lost answer"}
    first = post(who, wanted(who, session), **key)
    for _ in range(2):
        assert post(other := factories.patient(), wanted(other, session))[0] == 409
    assert post(who, wanted(who, session), door=door, **key)[2] == first[2]


def test_one_key_for_two_sessions_in_one_round_books_the_first() -> None:
    who, sessions = factories.patient(), [factories.session(), factories.session()]
    key = {"HTTP_IDEMPOTENCY_KEY": "used twice"}
    told = bookings.answer_all([_read(who, session, **key) for session in sessions])
    assert [isinstance(one, Appointment) for one in told] == [True, False] and told[1] is None
    assert Appointment.objects.get().session == sessions[0]


def test_a_patient_whose_row_cannot_be_read_is_in_nobodys_way() -> None:
    """As after a key was lost: the long way says so, the others of the round have their seats."""
    broken, session = factories.patient(), factories.session()
    asked = [_read(who, session) for who in (factories.patient(), broken, factories.patient())]
    Patient.objects.filter(pk=broken.pk).update(id_number=RawSQL("'deadbeef.' || %s", ["AAAA"]))
    told = bookings.answer_all(asked)
    assert [isinstance(one, Appointment) for one in told] == [True, False, True] and told[1] is None


def _revoked(who: Patient) -> None:
    who.user.set_password("another one for all devices")
    who.user.save()


def _shut(who: Patient) -> None:
    who.user.is_active = False
    who.user.save()


def _no_patient(who: Patient) -> None:
    Patient.objects.filter(pk=who.pk).delete()


@pytest.mark.parametrize("change", [_shut, _no_patient])
def test_an_account_that_does_not_hold_books_nothing(change: Callable[[Patient], None]) -> None:
    who, session = factories.patient(), factories.session()
    body = wanted(who, session)
    change(who)
    assert post(who, body)[0] == 299 and not Appointment.objects.exists()


def test_a_token_from_before_a_new_password_books_nothing() -> None:
    who, session = factories.patient(), factories.session()
    old = f"Bearer {AccessToken.for_user(who.user)}"
    _revoked(who)
    assert post(who, wanted(who, session), HTTP_AUTHORIZATION=old)[0] == 299 and not Appointment.objects.exists()
    assert post(who, wanted(who, session))[0] == 201


def test_an_expired_token_books_nothing() -> None:
    who, session = factories.patient(), factories.session()
    token = AccessToken.for_user(who.user)
    token.set_exp(lifetime=-timedelta(seconds=1))
    assert post(who, wanted(who, session), HTTP_AUTHORIZATION=f"Bearer {token}")[0] == 299


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"1" * 1500,
        b"[" * 1900,
        {},
        {"session": "1"},
        {"session": True, "insurance_card": {"type": "02", "number": "1"}},
        {"session": 0, "insurance_card": {"type": "02", "number": "1"}},
        {"session": 2**63, "insurance_card": {"type": "02", "number": "1"}},
        {"session": 1.0, "insurance_card": {"type": "02", "number": "1"}},
        {"session": 1, "insurance_card": []},
        {"session": 1, "insurance_card": {"type": "02"}},
        {"session": 1, "insurance_card": {"type": "09", "number": "1"}},
        {"session": 1, "insurance_card": {"type": 2, "number": "1"}},
        {"session": 1, "insurance_card": {"type": "02", "number": 1}},
        {"session": 1, "insurance_card": {"type": "02", "number": " 1"}},
        {"session": 1, "insurance_card": {"type": "02", "number": "1" * 51}},
        {"session": 1, "insurance_card": {"type": "02", "number": "1", "region": None}},
        {"session": 1, "insurance_card": {"type": "02", "number": "1", "region": ""}},
        {"session": 1, "insurance_card": {"type": "02", "number": "1", "region": "33010"}},
        {"session": 1, "insurance_card": {"type": "02", "number": "1", "name": "x"}},
        {"session": 1, "insurance_card": {"type": "02", "number": "1"}, "more": 1},
    ],
)
def test_a_body_that_is_not_plain_goes_the_long_way_whole(body: Any) -> None:
    status, _, told = post(factories.patient(), body)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert status == 299 and told["body"].encode("latin-1") == raw


@pytest.mark.parametrize(
    "more",
    [
        {"CONTENT_TYPE": "application/x-www-form-urlencoded"},
        {"CONTENT_TYPE": "application/json; charset=gbk"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "9999"},
        {"HTTP_ACCEPT": "text/html"},
        {"HTTP_CONTENT_ENCODING": "gzip"},
        {"HTTP_HOST": "elsewhere.example"},
        {"HTTP_ORIGIN": "https://a.example"},
        {"HTTP_IDEMPOTENCY_KEY": ""},
        {"HTTP_IDEMPOTENCY_KEY": "k" * 101},
        {"HTTP_IDEMPOTENCY_KEY": "one\0two"},
        {"HTTP_IDEMPOTENCY_KEY": "\udc80"},
        {"HTTP_AUTHORIZATION": "Bearer nonsense"},
        {"HTTP_AUTHORIZATION": ""},
        {"REQUEST_METHOD": "PUT"},
        NOT_PLAIN,
    ],
)
def test_what_is_not_plain_goes_the_long_way(more: dict[str, str]) -> None:
    who, session = factories.patient(), factories.session()
    assert post(who, wanted(who, session), **more)[0] == 299 and not Appointment.objects.exists()


def test_a_session_that_is_over_or_never_was_goes_the_long_way() -> None:
    who, session = factories.patient(), factories.session()
    begins = timezone.now() - timedelta(days=1)
    Session.objects.filter(pk=session.pk).update(starts_at=begins, ends_at=begins + timedelta(hours=1))
    assert post(who, wanted(who, session))[0] == 299
    session.pk = 999_999
    assert post(who, wanted(who, session))[0] == 299


def test_each_line_of_the_log_stands_under_the_id_of_who_asked(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """Also with a key, where the lines follow the commit of all."""
    session, logged = factories.session(), dict[int, Any]()

    def info(message: str, what: str) -> None:
        logged[len(logged)] = structlog.contextvars.get_contextvars().get("request_id")

    monkeypatch.setattr("hospital.worklist.log.info", info)
    asked = []
    for number in range(3):
        who = factories.patient()
        with structlog.contextvars.bound_contextvars(request_id=f"request-{number}"):
            asked.append(_read(who, session))
    with django_capture_on_commit_callbacks(execute=True):
        app._book(asked)
    assert sorted(map(str, logged.values())) == ["request-0", "request-1", "request-2"]


def _read(who: Patient, session: Session, **more: str) -> bookings.Asked:
    raw = json.dumps(wanted(who, session)).encode()
    found = bookings.read(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": bookings.PATH,
            "REMOTE_ADDR": "203.0.113.5",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {AccessToken.for_user(who.user)}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": BytesIO(raw),
            **more,
        }
    )
    assert found is not None
    return found
