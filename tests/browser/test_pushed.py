"""The page where the hospital pushes: it moves at once, and where the stream fails it asks as before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, Request, expect

from hospital.appointments import booking
from hospital.models import Appointment
from tests import factories
from tests.acceptance import pushing
from tests.browser.conftest import Surf
from tests.browser.hospital import Hospital
from tests.browser.screens import PHONE
from tests.simulators import free_port


@pytest.fixture
def push(tmp_path: Path, hospital: Hospital, settings: LazySettings) -> Iterator[str]:
    with pushing.running(tmp_path, hospital.url) as settings.PUSH_URL:
        yield settings.PUSH_URL


def open_page(surf: Surf, hospital: Hospital, seat: Appointment) -> tuple[Page, list[str]]:
    """The story of somebody who waits to be filed, and the addresses it asks."""
    page, asked = surf(PHONE, "en"), list[str]()

    def remember(request: Request) -> None:
        asked.append(request.url)

    page.on("request", remember)
    hospital.lets_in(page, seat.patient.user)
    page.goto(f"/appointments/{seat.pk}/")
    return page, asked


def test_the_page_is_told_and_asks_no_more_than_that(surf: Surf, hospital: Hospital, push: str) -> None:
    seat = factories.told()[0]
    page, asked = open_page(surf, hospital, seat)
    page.wait_for_event("requestfinished", lambda request: request.url.endswith("/story/"))
    hospital.files()
    booking.cancel(seat)  # elsewhere: told in this page would be only after 15 s
    expect(page.locator("#cancelled")).to_be_visible(timeout=8_000)
    assert sum(url.startswith(push) for url in asked) == 1


def test_without_the_stream_it_asks(surf: Surf, hospital: Hospital, settings: LazySettings) -> None:
    settings.PUSH_URL = f"http://127.0.0.1:{free_port()}/push"
    seat = factories.booked()
    page, asked = open_page(surf, hospital, seat)
    hospital.files()
    hospital.tells()
    expect(page.locator("#step-line")).to_have_class("step now")
    assert any(url.startswith(settings.PUSH_URL) for url in asked)
