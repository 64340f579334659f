"""The page with the proof: who may see it, what it shows, and that the day's statement can be fetched there."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from insurance.quota import days, limits, sealing
from tests.integration import recorded
from tests.integration.recorded import DAY, call, calls

PAGE = reverse("admin:insurance_proofday_changelist")


def fetched(ending: str, day: object = DAY) -> str:
    return reverse("admin:insurance_proofday_statement", args=[day, ending])


def clerk(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


@pytest.fixture
def desk(client: Client) -> Client:
    return clerk(client, "view_quota")


def shown(client: Client, **query: str) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_whoever_may_look_at_quotas_may_look_at_it(desk: Client) -> None:
    recorded.quota()
    assert PAGE in desk.get(reverse("admin:index")).content.decode()
    assert PAGE in desk.get(reverse("admin:insurance_quota_changelist")).content.decode()
    assert "trial" in shown(desk)
    assert desk.get(fetched("json")).status_code == 200


@pytest.mark.parametrize("permissions", [(), ("view_proofday", "view_interfacecall")])
def test_nobody_else_may(client: Client, permissions: tuple[str, ...]) -> None:
    for address in (PAGE, fetched("json"), fetched("html")):
        assert client.get(address).status_code == 302, "not even staff"
    clerk(client, *permissions)
    for address in (PAGE, fetched("json"), fetched("html")):
        assert client.get(address).status_code == 403
    assert PAGE not in client.get(reverse("admin:index")).content.decode()


def test_it_shows_the_last_hour_against_n(desk: Client) -> None:
    quota = recorded.quota(5)
    for permit in range(3):
        call(quota, timezone.now() - timedelta(minutes=10, seconds=permit), permit)
    limits.set_limit(quota, 4)
    page = shown(desk)
    assert page.count('<svg class="curve"') == 1 and 'class="curve-limit" d="M' in page
    (one,) = desk.get(PAGE).context["quotas"]
    assert (one["worst"].calls, one["worst"].worst, one["now_standing"]) == (3, 3, 0)
    drawn = one["drawing"]
    assert drawn.limit.count("V") == 1, "n was changed once"
    assert drawn.line.count("V") == 2, "up, and down again a minute later"
    assert 5 <= len(drawn.times) <= 6


def test_a_page_without_calls_days_or_quotas_can_be_shown(desk: Client) -> None:
    assert "There is no quota yet" in shown(desk)
    recorded.quota()
    assert "No day has been kept yet" in shown(desk)


def test_the_days_that_are_kept_are_listed_with_their_statements(desk: Client) -> None:
    quota = recorded.quota(2)
    yesterday = timezone.localdate() - timedelta(days=1)
    calls(quota, "08:00:00", "08:00:01", "08:00:02", day=yesterday)
    calls(quota, "08:00", day=yesterday - timedelta(days=40))
    days.remember_lately()
    page = shown(desk)
    assert fetched("json", yesterday) in page and fetched("html", yesterday) in page
    assert page.count("icon-no.svg") == 1 and page.count('<td class="number broken">') == 2, "three where n was two"
    assert fetched("json", yesterday - timedelta(days=40)) not in page


def test_it_follows_or_stands_still_without_a_script_of_its_own(desk: Client) -> None:
    following, still = shown(desk), shown(desk, still="")
    assert '<meta http-equiv="refresh" content="5">' in following
    assert "http-equiv" not in still
    content = following[following.index('id="content-main"') : following.index("</main>")]
    assert "<script" not in content and "style=" not in content and "<style" not in content


def test_the_statement_of_a_day_can_be_fetched(desk: Client) -> None:
    calls(recorded.quota(), "08:00")
    answer = desk.get(fetched("json"))
    assert answer["Content-Disposition"] == f'attachment; filename="statement-H99999900001-{DAY}.json"'
    assert sealing.opened(answer.content, sealing.own_key())["day"] == str(DAY)
    page = desk.get(fetched("html"))
    assert page["Content-Type"].startswith("text/html") and "script" not in page["Content-Security-Policy"]
    assert "医保接口调用频次证明书" in page.content.decode()


def test_the_statement_of_today_is_one_so_far(desk: Client) -> None:
    answer = desk.get(fetched("json", timezone.localdate()))
    assert sealing.opened(answer.content, sealing.own_key())["is_over"] is False


@pytest.mark.parametrize(
    ("day", "ending"), [("2999-01-01", "json"), ("2024-02-30", "json"), ("x", "html"), (DAY, "pdf")]
)
def test_what_is_no_statement_is_not_found(desk: Client, day: object, ending: str) -> None:
    assert desk.get(fetched(ending, day)).status_code == 404


def test_nothing_can_be_written(desk: Client) -> None:
    calls(recorded.quota(), "08:00")
    days.remember_lately()
    assert desk.get(reverse("admin:insurance_proofday_add")).status_code == 403
    assert desk.post(PAGE, {"action": "delete_selected"}).status_code in (200, 403)
    assert days.ProofDay.objects.count() == 1
