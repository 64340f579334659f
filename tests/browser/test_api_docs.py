"""The API's documentation in a real browser: it is all there, under a policy that lets nothing inline in."""

import pytest
from playwright.sync_api import expect

from config.openapi.examples import ID_NUMBER
from config.openapi.operations import TOLD
from tests.browser.conftest import Picture, Surf
from tests.browser.hospital import Hospital
from tests.browser.screens import DESKTOP, PHONE, Screen

WEBHOOKS = 1


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_call_can_be_read_and_tried(screen: Screen, hospital: Hospital, surf: Surf, picture: Picture) -> None:
    page = surf(screen, "en")
    page.goto("/api/v1/docs/")
    expect(page.locator(".opblock")).to_have_count(len(TOLD) + WEBHOOKS, timeout=20_000)
    booking = page.locator("#operations-appointments-appointments_create")
    booking.click()
    expect(booking.locator(".body-param__example")).to_contain_text(ID_NUMBER)
    expect(booking).to_contain_text("session_full")
    line = page.locator("#operations-line-line_retrieve")
    line.click()
    line.get_by_role("button", name="Try it out").click()
    line.get_by_role("button", name="Execute").click()
    expect(line.locator(".live-responses-table")).to_contain_text("eta_seconds", timeout=20_000)
    picture(page, f"api-docs-{screen.width}")
