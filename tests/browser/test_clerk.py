"""Staff before the screen: a case that needs a person, resolved by two; a day closed; and every page for everybody."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from hospital.appointments import booking
from hospital.models import Holiday, Patient, Session, WeeklyPlan
from insurance.models import Settlement
from insurance.quota import insurers
from insurance.reconciliation import days, reconcile
from tests import factories
from tests.browser import axe
from tests.browser.conftest import Surf
from tests.browser.hospital import Hospital
from tests.browser.person import Person
from tests.browser.screens import DESKTOP, PHONE, Screen
from tests.integration import brought, doing
from tests.integration.brought import somebody

Picture = Callable[[Page, str], None]
WHY = "The insurer's record and ours were compared"


class Colleague(Person):
    """Somebody of the staff, at a desk."""

    def signs_in(self) -> None:
        self.page.goto("/admin/")
        self.page.locator("[name=username]").fill(self.username)
        self.page.locator("[name=password]").fill(f"{self.username}-demo")
        self.page.locator("#login-form button[type=submit]").click()
        self.page.wait_for_url("**/admin/")

    def reads(self, question: str, answer: str, **values: object) -> None:
        """One of the three answers of the overview; it comes by itself."""
        asked = self.page.locator(".answer", has_text=self.words(question))
        expect(asked.locator(".big")).to_have_text(self.words(answer, **values), timeout=20_000)

    def opens(self, summary: str) -> None:
        self.page.locator("summary", has_text=self.words(summary)).click()

    def is_told(self, msgid: str, **values: object) -> None:
        expect(self.page.get_by_text(self.words(msgid, **values)).first).to_be_visible()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_case_is_resolved_by_two(surf: Surf, hospital: Hospital, picture: Picture, language: str) -> None:
    hospital.opens()
    settlement = brought.manual_from_confirming()
    insurers.default()
    clerk, supervisor = (Colleague(surf(DESKTOP, language), language, name) for name in ("clerk", "supervisor"))

    def looks(who: Colleague, name: str) -> None:
        axe.check(who.page)
        picture(who.page, f"staff-{language}-{name}")

    axe_before_signing_in(clerk)
    clerk.signs_in()
    clerk.reads("Is the interface up?", "Yes")
    clerk.reads("How long is the line?", "Nobody waits")
    clerk.reads("Is anything unknown?", "Yes: %(number)s", number=1)
    looks(clerk, "dashboard")
    clerk.page.locator(".answer a").click()
    looks(clerk, "desk")
    clerk.page.get_by_role("link", name=settlement.number).click()
    clerk.opens("Mark as complete")
    clerk.page.locator("#why-complete").fill(WHY)
    clerk.page.locator("#evidence-complete").fill("the insurer's letter of Monday, no. 17")
    clerk.button("Propose").click()
    clerk.is_told("Somebody else must approve it.")
    supervisor.signs_in()
    supervisor.page.goto(reverse("admin:insurance_casefile_changelist"))
    supervisor.page.locator(".notice").get_by_role("link", name=settlement.number).click()
    looks(supervisor, "case")
    supervisor.page.locator("#answer").fill("I have read the letter")
    supervisor.button("Approve and carry out").click()
    supervisor.is_told("Decided.")
    axe.check(supervisor.page)
    assert Settlement.objects.get(pk=settlement.pk).state == "completed"
    clerk.page.goto("/admin/")
    clerk.reads("Is anything unknown?", "Nothing")


def axe_before_signing_in(who: Colleague) -> None:
    who.page.goto("/admin/login/")
    axe.check(who.page)


def test_the_overview_follows_by_itself(surf: Surf, hospital: Hospital) -> None:
    page = surf(PHONE, "en")
    operator = Colleague(page, "en")
    hospital.lets_in(page, somebody("operator"))
    insurers.default()
    page.goto("/admin/")
    operator.reads("Is the interface up?", "Yes")
    axe.check(page)
    beside = page.context.new_page()
    beside.goto(reverse("admin:insurance_insurer_changelist"))
    beside.locator("#result_list tbody input.action-select").check()
    beside.locator("select[name=action]").select_option("pause")
    beside.get_by_role("button", name="Run").click()
    axe.check(beside)
    beside.get_by_label("why").fill("the insurer telephoned")
    beside.get_by_role("button", name="Yes, do it").click()
    expect(beside.get_by_text("Done: 1.")).to_be_visible()
    page.bring_to_front()
    operator.reads("Is the interface up?", "Closed")
    axe.check(page)


def test_sessions_are_planned_and_a_number_is_seen_whole(surf: Surf, hospital: Hospital) -> None:
    page = surf(DESKTOP, "en")
    registrar = Colleague(page, "en")
    hospital.lets_in(page, somebody("registrar"))
    archive = brought.waiting().appointment.archive
    _weekly_plans(archive.appointment.session)
    page.goto(reverse("admin:hospital_weeklyplan_changelist"))
    page.get_by_label("Sessions from").fill(f"{timezone.localdate() + timedelta(days=1)}")
    page.get_by_label("until").fill(f"{timezone.localdate() + timedelta(days=7)}")
    registrar.button("Look at them").click()
    page.get_by_label("why").fill("next week")
    page.get_by_role("button", name="Make them (3)").click()
    registrar.is_told("Sessions made: %(count)s.", count=3)
    page.goto(reverse("admin:hospital_archive_change", args=[archive.pk]))
    expect(page.get_by_text(archive.id_number)).to_have_count(0)
    registrar.opens("See the numbers whole")
    page.get_by_label("why").fill("the name on the card is misspelt")
    registrar.button("See the numbers whole").click()
    expect(page.get_by_text(archive.id_number).first).to_be_visible()
    axe.check(page)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_patient_is_erased_by_two(surf: Surf, hospital: Hospital, picture: Picture, language: str) -> None:
    hospital.opens()
    appointment = doing.told(factories.patient())
    patient = appointment.patient
    registrar, supervisor = (Colleague(surf(DESKTOP, language), language, name) for name in ("registrar", "supervisor"))

    def looks(who: Colleague, name: str) -> None:
        axe.check(who.page)
        picture(who.page, f"staff-{language}-{name}")

    registrar.signs_in()
    registrar.page.goto(reverse("admin:hospital_erasure_changelist"))
    axe.check(registrar.page)
    registrar.page.get_by_label(registrar.words("The patient's number or user name")).fill(patient.user.username)
    registrar.button("Look").click()
    registrar.is_told("Cannot be erased yet. What stands against it:")
    looks(registrar, "erasure-in-hand")
    registrar.page.locator("#why").fill("asked for in a letter of 3 March")
    registrar.button("Propose").click()
    registrar.is_told("Somebody else must approve it.")
    booking.cancel(appointment)
    supervisor.signs_in()
    supervisor.page.goto(reverse("admin:hospital_erasure_changelist"))
    supervisor.page.locator("#result_list tbody th a").click()
    supervisor.is_told("Nothing stands against it.")
    looks(supervisor, "erasure")
    supervisor.page.locator("#answer").fill("the letter is signed")
    supervisor.button("Approve and erase for good").click()
    supervisor.is_told("Decided.")
    looks(supervisor, "erased")
    assert Patient.objects.get(pk=patient.pk).id_number == ""


def test_a_day_is_closed_by_hand(surf: Surf, hospital: Hospital, picture: Picture) -> None:
    page = surf(DESKTOP, "en")
    hospital.lets_in(page, somebody("finance"))
    doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")
    today = days.local_day(timezone.now())
    over = reconcile.run(today - timedelta(days=2))
    page.goto(reverse("admin:insurance_daybook_change", args=[reconcile.run(today).pk]))
    axe.check(page)
    picture(page, "staff-en-day-book")
    page.goto(reverse("admin:insurance_daybook_change", args=[over.pk]))
    page.locator("#why-close").fill("compared with the bank's statement")
    page.get_by_role("button", name="Close the day").click()
    expect(page.get_by_text("closed by")).to_be_visible()
    axe.check(page)


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=lambda screen: screen.name)
def test_every_page_is_for_everybody_and_from_here(
    surf: Surf, hospital: Hospital, picture: Picture, screen: Screen
) -> None:
    settlement = doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")
    begin = timezone.localdate()
    _weekly_plans(settlement.appointment.session)
    Holiday.objects.create(day=begin + timedelta(days=9), name="Holiday")
    page = surf(screen, "en")
    hospital.lets_in(page, somebody("registrar"))
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    make = f"{reverse('admin:hospital_weeklyplan_make')}?first={begin}&last={begin + timedelta(days=14)}"
    for address, name in (
        (reverse("admin:hospital_appointment_changelist"), ""),
        (reverse("admin:hospital_appointment_change", args=[settlement.appointment_id]), "story"),
        (reverse("admin:hospital_archive_change", args=[settlement.appointment.archive.pk]), ""),
        (reverse("admin:insurance_proofday_changelist") + "?still", "proof"),
        (make, "planning"),
        (reverse("admin:hospital_weeklyplan_changelist"), ""),
        (reverse("admin:hospital_weeklyplan_add"), ""),
        (reverse("admin:hospital_session_import"), ""),
    ):
        page.goto(address)
        axe.check(page)
        if name:
            picture(page, f"staff-{screen.name}-{name}")
    assert asked == {urlsplit(hospital.url).netloc}, "nothing is fetched from elsewhere"


def _weekly_plans(session: Session) -> None:
    """Three mornings a week, by the doctor of this session."""
    begin = timezone.localdate()
    at = {"begins": "08:00", "ends": "11:30", "from_day": begin, "until_day": begin + timedelta(days=60)}
    for weekday in (1, 3, 5):
        plan = {"doctor": session.doctor, "price_list": session.price_list, "weekday": weekday, "seats": 30}
        WeeklyPlan.objects.create(**plan, **at)
