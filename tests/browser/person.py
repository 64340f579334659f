"""What a patient does, by what stands on the screen: in the patient's language, by role and name, as with a reader."""

import re
from typing import Any

from django.utils import translation
from playwright.sync_api import Locator, Page, expect

from hospital.models import Session
from tests.integration import doing

PASSWORD = "a-quiet-meadow-7"


class Person:
    """Somebody before a screen. `page` is where they are; another device is another person with the same name."""

    def __init__(self, page: Page, language: str, username: str = "wangxm") -> None:
        self.page, self.language, self.username = page, language, username

    def words(self, msgid: str, **values: Any) -> str:
        """How this stands on the screen in the person's language."""
        with translation.override(self.language):
            return translation.gettext(msgid) % values

    def link(self, msgid: str, **values: Any) -> Locator:
        return self.page.get_by_role("link", name=self.words(msgid, **values))

    def button(self, msgid: str, **values: Any) -> Locator:
        return self.page.get_by_role("button", name=self.words(msgid, **values))

    def fill(self, msgid: str, value: str) -> None:
        self.page.get_by_label(self.words(msgid), exact=True).fill(value)

    def step(self, key: str) -> Locator:
        """One step of the story."""
        return self.page.locator(f"#step-{key}")

    def sees(self, key: str, status: str) -> None:
        """The step comes to stand so, by itself where there is script, else on looking again."""
        expected = re.compile(rf"\b{status}\b")
        if self.page.locator("html[data-script]").count():
            expect(self.step(key)).to_have_class(expected, timeout=30_000)
        else:
            self.page.reload()
            expect(self.step(key)).to_have_class(expected)

    def signs_up(self, *, account_covers: bool = False) -> None:
        self.page.goto("/sign-up/")
        self.fill("Your name", "王小明")
        self.fill("ID number", doing.number_of_somebody(account_covers=account_covers))
        self.fill("Phone", "13800000000")
        self.fill("User name", self.username)
        self.fill("Password", PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name=self.words("Sign up")).click()
        self.page.wait_for_url("**/sessions/")

    def signs_in(self) -> None:
        self.page.goto("/sign-in/")
        self.fill("Username", self.username)
        self.fill("Password", PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name=self.words("Sign in")).click()
        self.page.wait_for_url(re.compile(r"/$"))

    def books(self, session: Session) -> None:
        """Finds the session by its department and takes a seat with the own identity card."""
        self.page.goto("/sessions/")
        self.page.get_by_role("link", name=session.doctor.department.name, exact=True).click()
        self.page.locator(f"a[href='/sessions/{session.pk}/']").click()
        self.button("Book this appointment").click()
        self.page.wait_for_url("**/appointments/*/")

    def asks_for_the_trial(self) -> None:
        self.button("Ask for the insurance trial").click()

    def settles(self) -> None:
        self.button("Settle with insurance").click()

    def sees_the_payment(self) -> None:
        """What there is to pay, and where."""
        self.sees("pay", "now")
        expect(self.step("pay").locator("a[target=_blank]")).to_be_visible()

    def pays(self) -> None:
        """On the institution's page, which opens beside the story."""
        with self.page.context.expect_page() as opened:
            self.step("pay").locator("a[target=_blank]").click()
        opened.value.get_by_role("button").click()
        expect(opened.value.get_by_text("已支付")).to_be_visible()
        opened.value.close()
