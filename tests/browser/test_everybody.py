"""Every page that the walk does not come by, or not with everything on it: nobody is shut out."""

import pytest
from playwright.sync_api import Page, expect

from insurance.quota import insurers
from insurance.trial import admission
from tests import factories
from tests.browser import axe
from tests.browser.conftest import Surf
from tests.browser.hospital import Hospital
from tests.browser.screens import DESKTOP, PHONE, Screen
from tests.integration import doing

SIDES = pytest.mark.parametrize(
    ("screen", "language"), [(PHONE, "zh-hans"), (DESKTOP, "en")], ids=lambda value: getattr(value, "name", value)
)


def test_the_check_itself_finds_what_is_wrong(surf: Surf) -> None:
    page = surf(PHONE, "en")
    page.goto("/sign-up/")
    page.evaluate("document.querySelector('label').remove()")
    with pytest.raises(AssertionError, match="label"):
        axe.check(page)


@SIDES
def test_pages_for_visitors(surf: Surf, hospital: Hospital, screen: Screen, language: str) -> None:
    hospital.opens()
    page = surf(screen, language)
    for path in ("/", "/sessions/", "/sessions/?date=2001-01-01", "/sign-in/", "/sign-up/", "/nothing/here/"):
        page.goto(path)
        axe.check(page)
    page.goto("/sign-up/")
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    axe.check(page)


@SIDES
def test_pages_for_patients(surf: Surf, hospital: Hospital, screen: Screen, language: str) -> None:
    trial = doing.priced(doing.somebody_who_pays_cash())
    page = surf(screen, language)
    hospital.lets_in(page, trial.appointment.patient.user)
    story = f"/appointments/{trial.appointment_id}/"
    for path in ("/", f"/sessions/{trial.appointment.session_id}/", story, f"{story}cancel/", "/appointments/0/"):
        page.goto(path)
        axe.check(page)
    doing.opened(trial)
    page.goto(f"{story}give-up/")
    axe.check(page)
    page.get_by_role("main").get_by_role("button").click()
    axe.check(page)


def test_a_stopped_line_and_a_refusal(surf: Surf, hospital: Hospital) -> None:
    seats = factories.told(2)
    hospital.insurer.faults({"infno": "2206A", "kind": "refuse", "message": "未参保", "times": 1})
    for seat in seats:
        admission.enter(seat)
    hospital.makes_the_bill()
    insurers.pause(insurers.default(), who=None, why="a test")
    for seat in seats:
        page = surf(PHONE, "zh-hans")
        hospital.lets_in(page, seat.patient.user)
        page.goto(f"/appointments/{seat.pk}/")
        axe.check(page)


@pytest.mark.parametrize("width", [320, 390])
def test_large_text_loses_nothing(surf: Surf, hospital: Hospital, width: int) -> None:
    """Text of twice the size on a phone, and a screen as narrow as any (WCAG 1.4.4, 1.4.10)."""
    trial = doing.priced(doing.somebody_who_pays_cash())
    page = surf(Screen("narrow", width, 800, touch=True), "en")
    hospital.lets_in(page, trial.appointment.patient.user)
    booking, story = f"/sessions/{trial.appointment.session_id}/", f"/appointments/{trial.appointment_id}/"
    for path in ("/", "/sessions/", booking, story):
        page.goto(path)
        if width > 320:
            page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert cut_off(page) == []


def cut_off(page: Page) -> list[str]:
    """Texts that reach beyond the screen."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("main *, header *")]
              .filter((one) => !one.closest(".unseen") && one.getBoundingClientRect().right > innerWidth + 1)
              .map((one) => one.outerHTML.slice(0, 100))"""
        )
    )
