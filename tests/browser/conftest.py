"""A browser, a hospital behind it, and people of whom nobody knows that they are a test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.hospital import Hospital
from tests.browser.screens import Screen, Surfer
from tests.integration.conftest import (  # noqa: F401  the same simulators
    insurer,
    insurer_process,
    own_counters,
    payments,
    payments_process,
)
from tests.simulators import Simulator

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Picture = Callable[[Page, str], None]
"""`picture(page, name)`"""

Surf = Callable[..., Page]
"""`surf(screen, language, script=True)` → an empty page of a new device."""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One program for all tests of the folder; every device is a context of its own."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread and Django takes us for asynchronous; here nobody awaits anything.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def hospital(
    transactional_db: None,
    own_counters: None,  # noqa: F811
    live_server: LiveServer,
    insurer: Simulator,  # noqa: F811
    payments: Simulator,  # noqa: F811
    settings: LazySettings,
) -> Hospital:
    """The real pages on a port, the simulators beside it, and the steps of the workers, taken when the test says."""
    settings.PUBLIC_URL = live_server.url
    return Hospital(live_server.url, insurer, payments)


@pytest.fixture
def surf(chromium: Browser, hospital: Hospital) -> Iterator[Surf]:
    """A new device at the hospital's address. At the end none may have complained: of our policy, of our script."""
    surfers: list[Surfer] = []

    def new_device(screen: Screen, language: str, *, script: bool = True) -> Page:
        surfers.append(Surfer(chromium, hospital.url, screen, language, script=script))
        return surfers[-1].page

    yield new_device
    for surfer in surfers:
        surfer.close()
    assert [complaint for surfer in surfers for complaint in surfer.complaints] == []


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """`picture(page, "patient-line")`: kept as PNG where `--screens` says, else nothing."""
    folder: str = request.config.getoption("--screens")

    def take(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take
