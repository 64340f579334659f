"""Lists over HTTP: filters, pages, and refusals of what they do not know."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from hospital.appointments import booking
from hospital.appointments.models import Session
from tests import factories
from tests.integration import doing
from tests.integration.answers import wrong_fields

APPOINTMENTS, SESSIONS = f"{doing.API}/appointments/", f"{doing.API}/sessions/"
NEXT = re.compile(r'<http://testserver(/api/v1/[^>]+)>; rel="next"')


def starting(at: datetime, seats: int = 50) -> Session:
    session = factories.session(seats=seats)
    Session.objects.filter(pk=session.pk).update(starts_at=at, ends_at=at + timedelta(hours=1))
    return session


def shown(client: APIClient, path: str, **query: Any) -> list[int]:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()]


def test_pages_follow_one_another_to_the_end(api: APIClient) -> None:
    soon = timezone.now() + timedelta(hours=1)
    sessions = [starting(soon + timedelta(hours=hours)) for hours in (2, 0, 0, 0, 1)]
    path, seen = f"{SESSIONS}?limit=2&free=true", []
    while path:
        answer = api.get(path)
        seen += [one["id"] for one in answer.json()]
        found = NEXT.fullmatch(answer.headers.get("Link", ""))
        path = found[1] if found else ""
        assert not path or "free=true" in path
    assert seen == [sessions[number].pk for number in (1, 2, 3, 4, 0)]


def test_a_list_that_is_complete_names_no_next_page(api: APIClient) -> None:
    factories.session()
    assert "Link" not in api.get(SESSIONS, {"limit": 1}).headers


def test_a_page_goes_on_behind_one_that_is_full_by_now(api: APIClient) -> None:
    first, second = factories.session(), factories.session()
    Session.objects.filter(pk=first.pk).update(free=0)
    assert shown(api, SESSIONS, after=first.pk) == [second.pk]


def test_sessions_by_doctor_and_time_and_seats(api: APIClient) -> None:
    soon = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    early, late = starting(soon), starting(soon + timedelta(hours=3))
    Session.objects.filter(pk=early.pk).update(free=0)
    middle = (soon + timedelta(hours=1)).isoformat()
    assert shown(api, SESSIONS) == shown(api, SESSIONS, free="true") == [late.pk]
    assert shown(api, SESSIONS, free="false") == [early.pk, late.pk]
    assert shown(api, SESSIONS, free="false", doctor=early.doctor.code) == [early.pk]
    assert shown(api, SESSIONS, free="false", starts_before=middle) == [early.pk]
    assert shown(api, SESSIONS, free="false", starts_after=middle) == [late.pk]
    assert shown(api, SESSIONS, starts_after=late.starts_at.isoformat()) == [late.pk]
    assert shown(api, SESSIONS, starts_after="1119-11-06T16:17:32+16:48") == [late.pk], "no such offset in PostgreSQL"


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"free": "perhaps"}, ("free", "invalid_choice")),
        ({"starts_after": "soon"}, ("starts_after", "invalid")),
        ({"starts_after": ""}, ("starts_after", "blank")),
        ({"starts_after": "0001-01-01T00:00:00+14:00"}, ("starts_after", "invalid")),
        ({"limit": "0"}, ("limit", "min_value")),
        ({"limit": "201"}, ("limit", "max_value")),
        ({"limit": "all"}, ("limit", "invalid")),
        ({"after": "x"}, ("after", "invalid")),
        ({"after": "9999999"}, ("after", "does_not_exist")),
        ({"department": "\0"}, ("department", "null_characters_not_allowed")),
        ({"doctr": "D1"}, ("doctr", "unknown_field")),
    ],
)
def test_a_wrong_filter_is_named(query: dict[str, str], wrong: tuple[str, str], api: APIClient) -> None:
    assert wrong_fields(api.get(SESSIONS, query)) == {wrong}


def test_appointments_are_ones_own_newest_first() -> None:
    who = factories.patient()
    first, second = factories.booked(who=who), factories.booked(who=who)
    other = factories.booked()
    client = doing.speaking_as(who)
    assert shown(client, APPOINTMENTS) == [second.pk, first.pk]
    assert shown(client, APPOINTMENTS, limit=1) == [second.pk]
    assert shown(client, APPOINTMENTS, after=second.pk) == [first.pk]
    assert set(client.get(APPOINTMENTS).json()[0]) == {"id", "state", "session", "created_at"}
    assert shown(doing.speaking_as_staff(), APPOINTMENTS) == [other.pk, second.pk, first.pk]


def test_appointments_by_state_and_day() -> None:
    who = factories.patient()
    kept, given_back = factories.booked(who=who), factories.booked(who=who)
    booking.cancel(given_back)
    client = doing.speaking_as(who)
    today = timezone.localtime(kept.session.starts_at).date()
    assert shown(client, APPOINTMENTS, state="booked") == [kept.pk]
    assert shown(client, APPOINTMENTS, state="cancelled") == [given_back.pk]
    assert shown(client, APPOINTMENTS, date=today.isoformat()) == [given_back.pk, kept.pk]
    assert shown(client, APPOINTMENTS, date=(today + timedelta(days=9)).isoformat()) == []
    assert wrong_fields(client.get(APPOINTMENTS, {"state": "lost"})) == {("state", "invalid_choice")}
    assert wrong_fields(client.get(APPOINTMENTS, {"patient": "1"})) == {("patient", "unknown_field")}


def test_a_list_takes_as_many_questions_however_long_it_is(api: APIClient, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        factories.session()
    with django_assert_num_queries(1):
        assert len(shown(api, SESSIONS)) == 3
