"""An open page is told when to look, only its owner's, and costs next to nothing."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from django.db import connection
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from hospital.appointments import booking
from hospital.models import Appointment
from insurance.trial import admission
from tests import factories
from tests.acceptance import pushing
from tests.acceptance.pushing import Listener
from tests.races.together import wait_until

PUBLIC_URL = "http://127.0.0.1:8000"


@pytest.fixture
def push(tmp_path: Path) -> Iterator[str]:
    with pushing.running(tmp_path, PUBLIC_URL) as url:
        yield url


def address(push: str, seat: Appointment) -> str:
    return f"{push}/appointments/{seat.pk}/"


def session_of(seat: Appointment) -> dict[str, str]:
    client = Client()
    client.force_login(seat.patient.user)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def token_of(seat: Appointment) -> dict[str, str]:
    return {"Authorization": f"Bearer {AccessToken.for_user(seat.patient.user)}"}


def test_news_come_at_once_and_end_with_the_story(push: str) -> None:
    seat = factories.told()[0]
    with Listener(address(push, seat), **session_of(seat)) as page:
        assert page.answer.headers["Content-Type"] == "text/event-stream"
        kind, first = page.event()
        admission.enter(seat)
        again, second = page.event()
        assert (kind, again) == ("look", "look") and first != second
        booking.cancel(seat)
        assert page.event()[0] == "end"
        assert page.event() == ("closed", "")


def test_who_comes_back_is_told_only_what_is_new(push: str) -> None:
    seat = factories.told()[0]
    with Listener(address(push, seat), **token_of(seat)) as page:
        _, seen = page.event()
    with Listener(address(push, seat), **token_of(seat), **{"Last-Event-ID": seen}) as page:
        with Listener(address(push, seat), **token_of(seat)) as other:
            assert other.event()[1] == seen  # by now the reader has looked for both
        assert page.hears_nothing()
        admission.enter(seat)
        assert page.event()[1] != seen


def test_nobody_else_listens(push: str) -> None:
    seat, other = factories.told(2)
    url = address(push, seat)

    def status(url: str, **headers: str) -> int:
        return httpx.get(url, headers=headers, trust_env=False).status_code

    assert status(url) == 401
    assert status(url, Authorization="Bearer nonsense") == 401
    assert status(url, Cookie="sessionid=nonsense") == 401
    assert status(url, **session_of(other)) == status(url, **token_of(other)) == 404
    assert status(f"{push}/appointments/0/", **token_of(seat)) == status(f"{push}/", **token_of(seat)) == 404


def test_only_our_pages_may_read_it_from_another_address(push: str) -> None:
    seat = factories.told()[0]
    for origin, allowed in ((PUBLIC_URL, PUBLIC_URL), ("https://elsewhere.example", None)):
        with Listener(address(push, seat), **session_of(seat), Origin=origin) as page:
            assert page.answer.headers.get("Access-Control-Allow-Origin") == allowed


def test_many_open_pages_share_a_handful_of_connections(push: str) -> None:
    seats = factories.told(40)
    before = connections_open()
    with ExitStack() as opened:
        pages = [opened.enter_context(Listener(address(push, seat), **token_of(seat))) for seat in seats]
        assert {page.event()[0] for page in pages} == {"look"}
        assert connections_open() - before <= 5
        for seat in seats:
            admission.enter(seat)
        assert {page.event()[0] for page in pages} == {"look"}
    wait_until(lambda: connections_open() - before <= 5)


def connections_open() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
