"""Every notice has words, in every language."""

import pytest
from django.conf import settings
from django.utils import translation

from hospital.notices import texts
from hospital.notices.models import Kind, Notice

FACTS = {
    Kind.FILED: {"number": "2026112300000001"},
    Kind.REJECTED: {"reason": "bad_card"},
    Kind.CLOSE: {"minutes": 3},
    Kind.PRICED: {"valid_until": "2026-11-23 08:30"},
    Kind.TRIAL_REFUSED: {"reason": "100% 未参保 [BO_1]"},
    Kind.CLAIM_SETTLED: {"refund": "18.36"},
    Kind.CLAIM_REFUSED: {"reason": "100% 未参保 [BO_1]"},
    Kind.SCAN_AGAIN: {"seconds": 60},
    Kind.SETTLE_AGAIN: {},
    Kind.COMPLETED: {},
    Kind.TAKEN_BACK: {},
    Kind.CANCELLED: {},
    Kind.SETTLEMENT_REFUSED: {},
    Kind.SETTLEMENT_REVERSED: {},
    Kind.SETTLEMENT_MANUAL: {},
}
REASONS = ("bad_id_number", "bad_card", "card_not_own", "contradictory_identity", "card_of_another")


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_title_and_a_text(kind: Kind, language: str) -> None:
    notice = Notice(kind=kind, facts=FACTS[kind])
    with translation.override(language):
        title, text = str(texts.title(notice)), str(texts.text(notice))
    assert title and text and "%(" not in text
    for fact in () if kind is Kind.REJECTED else FACTS[kind].values():
        assert str(fact) in text


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_every_rejection_says_something_of_its_own(language: str) -> None:
    with translation.override(language):
        assert len({str(texts.rejection(reason)) for reason in REASONS}) == len(REASONS)


@pytest.mark.parametrize("kind", Kind)
def test_the_two_languages_differ(kind: Kind) -> None:
    notice = Notice(kind=kind, facts=FACTS[kind])
    said = set()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            said.add((str(texts.title(notice)), str(texts.text(notice))))
    assert len(said) == 2
