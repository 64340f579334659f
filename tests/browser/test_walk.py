"""A patient's way from the front page to the receipt."""

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.conftest import Picture, Surf
from tests.browser.hospital import Hospital
from tests.browser.person import Person
from tests.browser.screens import DESKTOP, PHONE, Screen


@pytest.mark.parametrize(
    ("screen", "language", "script"),
    [
        (PHONE, "zh-hans", True),
        (PHONE, "en", True),
        (DESKTOP, "zh-hans", True),
        (DESKTOP, "en", True),
        (PHONE, "zh-hans", False),
        (DESKTOP, "en", False),
    ],
    ids=lambda value: getattr(value, "name", {True: "script", False: "no-script"}.get(value, value)),
)
def test_from_signing_up_to_the_receipt(
    surf: Surf, hospital: Hospital, picture: Picture, screen: Screen, language: str, script: bool
) -> None:
    session = hospital.opens()
    patient = Person(surf(screen, language, script=script), language)

    def looks(name: str = "") -> None:
        if script:
            axe.check(patient.page)
        if name and script and (screen, language) == (PHONE, "zh-hans"):
            picture(patient.page, f"patient-{name}")

    patient.page.goto("/")
    looks("home")
    patient.signs_up()
    looks("sessions")
    patient.books(session)
    patient.sees("filed", "now")
    looks("filing")
    hospital.files()
    hospital.tells()
    patient.sees("line", "now")
    patient.asks_for_the_trial()
    expect(patient.step("line")).to_contain_text(patient.words("You are next."))
    looks()
    hospital.makes_the_bill()
    patient.sees("bill", "now")
    looks("bill")
    patient.settles()
    hospital.settles()
    patient.sees_the_payment()
    looks("pay")
    patient.pays()
    hospital.collects()
    patient.sees("complete", "done")
    looks("complete")
    patient.link("Receipt to print").click()
    expect(patient.page.get_by_role("heading", level=1)).to_have_text(patient.words("Receipt"))
    expect(patient.page.locator(".bill").first).to_contain_text("30.52")
    looks("receipt")
    patient.page.emulate_media(media="print")
    for unprinted in (".top", ".foot", "main > .acts"):
        expect(patient.page.locator(unprinted)).to_be_hidden()
    assert patient.page.pdf(format="A4").count(b"/Type /Page\n") == 1
