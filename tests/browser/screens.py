"""Devices: how large they are, which language they speak, and what they complain of."""

from dataclasses import dataclass

from playwright.sync_api import Browser, ConsoleMessage, Page

LOCALES = {"zh-hans": "zh-CN", "en": "en-GB"}
LANGUAGES = tuple(LOCALES)


@dataclass(frozen=True)
class Screen:
    """CSS pixels. A touch screen is a phone's."""

    name: str
    width: int
    height: int
    touch: bool = False


PHONE = Screen("phone", 390, 844, touch=True)
DESKTOP = Screen("desktop", 1280, 800)
SCREENS = (PHONE, DESKTOP)


class Surfer:
    """One device with one page, with cookies of its own."""

    def __init__(self, browser: Browser, url: str, screen: Screen, language: str, *, script: bool) -> None:
        self.complaints: list[str] = []
        self.context = browser.new_context(
            base_url=url,
            viewport={"width": screen.width, "height": screen.height},
            is_mobile=screen.touch,
            has_touch=screen.touch,
            locale=LOCALES[language],
            timezone_id="Asia/Shanghai",
            java_script_enabled=script,
        )
        self.context.set_default_timeout(20_000)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = self.context.new_page()

    def close(self) -> None:
        self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        # An answer that is no success is logged too; whether it may be is the test's business.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)
