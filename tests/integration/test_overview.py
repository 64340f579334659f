"""The admin's first page: three answers at a glance, what follows, and who may see which part."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital import ticks
from hospital.models import Tick
from insurance.models import Settlement
from insurance.quota import insurers
from insurance.trial import admission
from operations.overview import figures
from tests import factories
from tests.integration import brought
from tests.integration.desk import at_the_desk, page

INDEX, FRAGMENT = "/admin/", "/admin/overview/"
SEES_ALL = ("view_insurer", "view_line", "view_settlement", "view_archive")


@pytest.fixture
def operator(client: Client) -> Client:
    return at_the_desk(client, SEES_ALL)


def answer(shown: str, question: str) -> str:
    """What stands under this question."""
    return shown.split(question)[1].split("</section>")[0]


def test_a_quiet_day(operator: Client) -> None:
    insurers.default()
    shown = page(operator, INDEX)
    assert "Yes" in answer(shown, "Is the interface up?")
    assert "Nobody waits" in answer(shown, "How long is the line?")
    assert "Nothing" in answer(shown, "Is anything unknown?")


def test_a_bad_day(operator: Client) -> None:
    insurers.pause(insurers.default(), who="a test", why="x")
    brought.manual_from_confirming()
    settlement = brought.unknown()
    Settlement.objects.filter(pk=settlement.pk).update(since=timezone.now() - timedelta(minutes=12))
    admission.enter(factories.told()[0])
    shown = page(operator, FRAGMENT)
    assert "Closed" in answer(shown, "Is the interface up?") and "paused by staff" in shown
    assert "1 wait" in answer(shown, "How long is the line?")
    unknown = answer(shown, "Is anything unknown?")
    assert "Yes: 2" in unknown and "12 min" in unknown and "?choice=person" in unknown


def test_what_ended_today_and_the_money_of_today(operator: Client) -> None:
    brought.completed()
    brought.refused()
    shown = page(operator, FRAGMENT)
    today = shown.split("<h2>Today</h2>")[1].split("</section>")[0]
    assert today.count(">1<") == 2 and today.count(">0<") == 1
    assert "10.26" in shown and "20.00" in shown


def test_what_waits_for_the_hospital_itself(operator: Client) -> None:
    factories.booked()
    shown = page(operator, FRAGMENT).split("wait to be filed")[1].split("</tr>")[0]
    assert ">1<" in shown


def test_each_sees_what_is_his(client: Client) -> None:
    at_the_desk(client, ("view_line",))
    shown = page(client, INDEX)
    assert "How long is the line?" in shown
    for other in ("Is the interface up?", "Is anything unknown?", "Money today", "wait to be filed"):
        assert other not in shown


def test_who_may_see_nothing_is_shown_the_way(client: Client) -> None:
    at_the_desk(client, ())
    assert "Choose a page on the left." in page(client, INDEX)


def test_it_is_not_for_patients(client: Client) -> None:
    client.force_login(factories.patient().user)
    assert client.get(FRAGMENT).status_code == client.get(INDEX).status_code == 302


def test_what_has_not_changed_is_not_sent_again(client: Client) -> None:
    at_the_desk(client, ("view_line",))
    first = client.get(FRAGMENT)
    assert client.get(FRAGMENT, headers={"If-None-Match": first["ETag"]}).status_code == 304
    admission.enter(factories.told()[0])
    assert client.get(FRAGMENT, headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert client.post(FRAGMENT).status_code == 405


def test_it_works_without_a_script(operator: Client) -> None:
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page(operator, INDEX)


def test_more_that_waits_costs_no_more_queries(operator: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(operator, FRAGMENT)
        return len(captured)

    brought.unknown()
    factories.booked()
    few = queries()
    for _ in range(4):
        brought.unknown()
        factories.booked()
    assert queries() == few


def test_who_is_silent_is_seen(operator: Client) -> None:
    shown = page(operator, FRAGMENT).split("Beat and workers")[1].split("</table>")[0]
    assert shown.count("silent") == 2 and shown.count("never") == 2
    ticks.seen(figures.EACH_SECOND)
    shown = page(operator, FRAGMENT).split("Beat and workers")[1].split("</table>")[0]
    assert shown.count("runs") == 2
    Tick.objects.update(last_at=timezone.now() - timedelta(seconds=30))
    shown = page(operator, FRAGMENT).split("Beat and workers")[1].split("</table>")[0]
    assert shown.count("runs") == 1 and shown.count("silent") == 1, "the workers' own timer still asks"
