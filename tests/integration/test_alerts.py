"""Staff are told when something needs a person: once, also when a letter is lost, and without personal data."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.db.models.functions import Now

from hospital import worklist
from hospital.models import Journal
from insurance import upkeep
from insurance.desk import alerts
from insurance.desk.models import Alert
from insurance.models import Settlement
from insurance.reconciliation.models import DayBook, Difference
from insurance.reconciliation.rules import Remedy
from insurance.settlement.saga import Event
from tests.integration import brought, doing

STAFF = "desk@hospital.example"


@pytest.fixture(autouse=True)
def _addressed(settings: LazySettings) -> None:
    settings.STAFF_ALERT_EMAIL = [STAFF]
    settings.PUBLIC_URL = "https://hospital.example"


class Broken(BaseEmailBackend):
    """A mail server that is away."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError("no mail server")


class Watched(BaseEmailBackend):
    """Looks whether a transaction is open while it sends."""

    open_transactions: list[int] = []

    def send_messages(self, messages: Any) -> int:
        self.open_transactions.append(int(connection.in_atomic_block))
        return len(messages)


def test_a_settlement_before_a_person_is_told_of_once() -> None:
    settlement = brought.manual_from_confirming()
    assert mail.outbox == [], "nothing is sent where it is recorded"
    assert alerts.tell_staff() == 1
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([STAFF], "1 cases need a person")
    for told in (f"settlement {settlement.pk}: manual", "agreed 3052 fen", page_of(settlement)):
        assert told in letter.body, letter.body
    assert alerts.tell_staff() == 0 and len(mail.outbox) == 1


def test_many_are_told_of_in_one_letter_and_the_rest_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LINES_AT_MOST", 2)
    brought.manual_from_unknown(), brought.manual_from_confirming(), brought.frozen()
    assert [alerts.tell_staff() for _ in range(3)] == [2, 1, 0]
    assert [letter.subject for letter in mail.outbox] == ["2 cases need a person", "1 cases need a person"]


def test_refused_refunds_and_frozen_trials_are_told_of_too() -> None:
    settlement, trial = brought.completed(), brought.frozen()
    brought.refund_due(settlement)
    refund = brought.refused_refund(settlement)
    assert alerts.tell_staff() == 2
    (letter,) = mail.outbox
    assert f"refund {refund.pk}: refused" in letter.body and page_of(settlement) in letter.body
    assert f"/admin/insurance/casefile/trial/{trial.pk}/" in letter.body


def difference(remedy: Remedy) -> Difference:
    book = DayBook.objects.get_or_create(day=date(2026, 11, 3))[0]
    return worklist.enter(
        Difference(book=book, classed="only_theirs", movement="settled", key="S9", says="nothing", remedy=remedy)
    )


def test_a_difference_that_no_remedy_fits_is_told_of_when_it_has_come_to_that() -> None:
    row = difference(Remedy.ASK)
    assert alerts.tell_staff() == 0
    Difference.objects.update(remedy=Remedy.STAFF)
    assert [alerts.tell_staff(), alerts.tell_staff()] == [1, 0]
    (letter,) = mail.outbox
    assert f"difference {row.pk}: open\n2026-11-03: only_theirs settled S9\n" in letter.body
    assert f"/admin/insurance/daybook/{row.book_id}/change/" in letter.body


def test_what_comes_before_a_person_again_is_told_of_again() -> None:
    settlement = brought.manual_from_unknown()
    alerts.tell_staff()
    brought.heard(brought.heard(settlement, Event.ASK), Event.EXHAUSTED, reason="still no answer")
    assert alerts.tell_staff() == 1
    assert "still no answer" in mail.outbox[1].body


def test_a_letter_that_could_not_be_sent_is_sent_later(settings: LazySettings) -> None:
    settlement = brought.manual_from_confirming()
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    with pytest.raises(ConnectionRefusedError):
        alerts.tell_staff()
    assert [alert.state for alert in Alert.objects.all()] == ["due"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert alerts.tell_staff() == 0, "not at once: another may be sending it"
    Alert.objects.update(due_at=Now() - timedelta(seconds=1))
    assert alerts.tell_staff() == 1 and page_of(settlement) in mail.outbox[0].body


def test_a_mail_server_that_is_away_does_not_keep_the_other_sweeps_from_running(settings: LazySettings) -> None:
    brought.manual_from_confirming()
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    found = upkeep.sweep()
    assert "cases that staff were told of" not in found and "a look at the clock" in found


def test_what_was_mended_before_the_letter_left_is_still_told_truly(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    settlement = brought.manual_from_confirming()
    with pytest.raises(ConnectionRefusedError):
        alerts.tell_staff()
    brought.heard(settlement, Event.UNDO)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Alert.objects.update(due_at=Now())
    assert alerts.tell_staff() == 1
    assert doing.state_of(settlement) == "reversing"


def test_without_an_address_nothing_is_sent_and_nothing_is_kept(settings: LazySettings) -> None:
    settings.STAFF_ALERT_EMAIL = []
    brought.manual_from_confirming()
    assert alerts.tell_staff() == 0
    assert not Alert.objects.exists() and mail.outbox == []


def test_once_there_is_an_address_what_still_waits_is_told_of(settings: LazySettings) -> None:
    settings.STAFF_ALERT_EMAIL = []
    settlement, mended = brought.manual_from_confirming(), brought.manual_from_unknown()
    brought.heard(mended, Event.ASK)
    settings.STAFF_ALERT_EMAIL = [STAFF]
    assert alerts.tell_staff() == 1 and page_of(settlement) in mail.outbox[0].body


def test_a_letter_names_nobody() -> None:
    settlement, trial = brought.manual_from_confirming(), brought.frozen()
    alerts.tell_staff()
    patient = settlement.appointment.patient
    for secret in (patient.name, patient.id_number, patient.phone, patient.user.username):
        assert secret not in mail.outbox[0].body + mail.outbox[0].subject
    assert trial.appointment.patient.id_number not in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_it_is_sent(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Watched"
    brought.manual_from_confirming()
    assert not connection.in_atomic_block
    Watched.open_transactions.clear()
    assert alerts.tell_staff() == 1
    assert Watched.open_transactions == [0]
    assert Journal.objects.filter(kind="alert", to_state="sent").count() == 1


def page_of(settlement: Settlement) -> str:
    return f"https://hospital.example/admin/insurance/casefile/{settlement.pk}/change/"
