"""The page of an appointment while something happens: it moves by itself, says so, and loses nothing."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from hospital.models import Appointment
from insurance.models import Trial
from insurance.trial import admission
from tests import factories
from tests.browser import axe
from tests.browser.conftest import Picture, Surf
from tests.browser.hospital import Hospital
from tests.browser.person import Person
from tests.browser.screens import DESKTOP, PHONE
from tests.integration import doing
from tests.races.together import wait_until


@pytest.fixture
def page(surf: Surf) -> Page:
    return surf(PHONE, "en")


def at_story_of(seat: Appointment, page: Page, hospital: Hospital) -> Person:
    """The patient has the page open, on a device where the account is known."""
    hospital.lets_in(page, seat.patient.user)
    page.goto(f"/appointments/{seat.pk}/")
    return Person(page, "en", seat.patient.user.get_username())


def in_line(count: int) -> list[Appointment]:
    seats = factories.told(count)
    for seat in seats:
        admission.enter(seat)
    return seats


def test_who_moves_up_is_told_politely_and_keeps_the_focus(page: Page, hospital: Hospital) -> None:
    patient = at_story_of(in_line(2)[1], page, hospital)
    expect(patient.step("line")).to_contain_text("Ahead of you: 1")
    expect(page.locator("#live")).to_be_empty()
    patient.link("All my appointments").focus()
    hospital.makes_the_bill()
    expect(patient.step("line")).to_contain_text("You are next.")
    expect(page.locator("#live")).to_contain_text("You are next.")
    assert page.locator("#live").get_attribute("aria-live") == "polite"
    expect(patient.link("All my appointments")).to_be_focused()


def test_a_long_line_tells_the_wait_as_a_range(
    surf: Surf, hospital: Hospital, picture: Picture, settings: LazySettings
) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 5
    seat, page = in_line(24)[-1], surf(PHONE, "zh-hans")
    page.clock.install()
    hospital.lets_in(page, seat.patient.user)
    page.goto(f"/appointments/{seat.pk}/")
    patient = Person(page, "zh-hans")
    expect(patient.step("line")).to_contain_text(patient.words("Ahead of you: %(ahead)s", ahead=23))
    expect(patient.step("line")).to_contain_text(patient.words("%(low)s to %(high)s minutes", low=3, high=5))
    picture(page, "patient-line")
    page.clock.run_for(60_000)
    expect(patient.step("line")).to_contain_text(patient.words("%(low)s to %(high)s minutes", low=2, high=4))
    page.evaluate("window.dispatchEvent(new Event('online'))")  # it looks again: as told by the server
    expect(patient.step("line")).to_contain_text(patient.words("%(low)s to %(high)s minutes", low=3, high=5))


def test_the_place_survives_a_closed_browser_and_is_there_on_another_device(surf: Surf, hospital: Hospital) -> None:
    first = Person(surf(PHONE, "en"), "en")
    first.signs_up()
    first.books(hospital.opens())
    hospital.files()
    hospital.tells()
    first.sees("line", "now")
    first.asks_for_the_trial()
    expect(first.step("line")).to_contain_text("You are next.")
    first.page.context.close()
    second = Person(surf(DESKTOP, "zh-hans"), "zh-hans")
    second.signs_in()
    second.page.locator("a[href^='/appointments/']").click()
    expect(second.step("line")).to_contain_text(second.words("You are next."))
    assert Trial.objects.count() == 1


def test_who_was_offline_keeps_the_place_and_sees_it_again(page: Page, hospital: Hospital) -> None:
    patient = at_story_of(in_line(2)[1], page, hospital)
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    hospital.makes_the_bill()
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline.")).to_be_hidden()
    expect(patient.step("line")).to_contain_text("You are next.")


def test_a_double_click_books_one_seat_and_takes_one_place(page: Page, hospital: Hospital) -> None:
    session, person = hospital.opens(), factories.patient()
    hospital.lets_in(page, person.user)
    page.goto(f"/sessions/{session.pk}/")
    page.get_by_role("button", name="Book this appointment").dblclick()
    page.wait_for_url("**/appointments/*/")
    hospital.files()
    hospital.tells()
    page.reload()
    page.get_by_role("button", name="Ask for the insurance trial").dblclick()
    expect(page.locator("#step-line")).to_contain_text("You are next.")
    assert (Appointment.objects.count(), Trial.objects.count()) == (1, 1)


def test_a_bill_that_ran_out_is_made_again_with_one_tap_at_the_same_place(page: Page, hospital: Hospital) -> None:
    trial = doing.priced(factories.patient())
    others = in_line(3)
    patient = at_story_of(trial.appointment, page, hospital)
    expect(patient.step("bill")).to_contain_text("No hurry")
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))
    assert admission.expire_due() == 1
    page.reload()
    expect(patient.step("line")).to_contain_text("Your place in the line is kept.")
    patient.button("Make the bill again").click()
    expect(patient.step("line")).to_contain_text("You are next.")
    hospital.makes_the_bill()
    patient.sees("bill", "now")
    assert [doing.state_of(seat.trials.get()) for seat in others] == ["waiting"] * 3


def test_before_the_time_runs_out_it_is_said(page: Page, hospital: Hospital) -> None:
    page.clock.install()
    trial = doing.priced(factories.patient())
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() + timedelta(minutes=10))
    patient = at_story_of(trial.appointment, page, hospital)
    expect(patient.step("bill").locator(".left")).to_contain_text("9:5")
    page.clock.run_for(timedelta(minutes=8, seconds=5).total_seconds() * 1000)
    expect(page.locator("#live")).to_contain_text("Two minutes are left.")
    wait_until(lambda: page.locator(".left").inner_text().startswith("(left: 1:"))


def test_the_family_follows_until_the_patient_ends_it(surf: Surf, hospital: Hospital, picture: Picture) -> None:
    seat, page = in_line(2)[1], surf(PHONE, "zh-hans")
    hospital.lets_in(page, seat.patient.user)
    page.goto(f"/appointments/{seat.pk}/")
    patient = Person(page, "zh-hans")
    patient.button("Make a link").click()
    axe.check(page)
    mother = Person(surf(PHONE, "zh-hans"), "zh-hans")
    mother.page.goto(page.get_by_role("main").get_by_role("textbox").input_value())
    expect(mother.step("line")).to_contain_text(patient.words("Ahead in the line: %(ahead)s", ahead=1))
    axe.check(mother.page)
    picture(mother.page, "family-line")
    hospital.makes_the_bill()
    mother.page.reload()
    expect(mother.step("line")).to_contain_text(patient.words("Next in the line."))
    patient.link("Back").click()
    patient.button("End the link").click()
    mother.page.reload()
    expect(mother.page.get_by_role("heading", level=1)).to_have_text(patient.words("There is nothing here."))
