"""The guide to the API names what is there."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from config.openapi.codes import CODES
from config.urls import API, urlpatterns

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("api.md", "notices.md")


def named(pattern: str) -> set[str]:
    return set(re.findall(pattern, (DOCS / "api.md").read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (DOCS / page).read_text())
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_every_setting_is_one_and_has_the_value_it_is_said_to_have() -> None:
    rates = dict(re.findall(r"\| `(RATE_LIMIT_\w+)` \| (\S+) \|", (DOCS / "api.md").read_text()))
    assert len(rates) == 4
    assert {name: getattr(settings, name) for name in rates} == rates
    assert all(hasattr(settings, name) for name in named(r"`([A-Z]+_[A-Z_]+)[`=]") - {"JWT_KEY"})


def test_every_call_and_code_is_one() -> None:
    paths = {re.sub(r"<int:pk>", "{id}", str(pattern.pattern)).removeprefix(API) for pattern in urlpatterns}
    called = named(r"`(?:GET|POST|PUT|DELETE) ([a-z{}/-]+)")
    assert called and called <= paths
    codes = named(r"(?:40\d|42\d|503) `([a-z_]+)`")
    assert codes and codes <= set(CODES)
