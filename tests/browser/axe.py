"""Whether everybody can use a page: axe-core's rules for WCAG 2.2 AA, and nothing cut off at the right."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
GRAVE = ("serious", "critical")

_axe = Axe()


def check(page: Page) -> None:
    """Fails with what axe has found, and where, or when the page is wider than the screen."""
    found = _axe.run(page, options=RULES).response["violations"]
    grave = [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
    assert grave == [], f"{page.url}\n" + "\n".join(grave)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than the screen"
