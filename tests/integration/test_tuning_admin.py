"""Staff change settings in the admin: what they see, what is refused at the field, who may, and what is kept of it."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from hospital import tuning
from hospital.models import Change, Tuning
from insurance.quota import permits
from insurance.quota.lanes import Lane

SETTINGS = reverse("admin:hospital_tuning_changelist")
CHANGES = reverse("admin:hospital_change_changelist")
M = reverse("admin:hospital_tuning_change", args=["FILING_BATCH_SIZE"])


def staff(client: Client, *permissions: str) -> User:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


@pytest.fixture
def clerk(client: Client) -> Client:
    """At the desk, with Django's permission to change settings and to look at the changes."""
    staff(client, "change_tuning", "view_change")
    return client


def page(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def refused(client: Client, **fields: str) -> dict[str, list[str]]:
    """The errors of the form, by field; nothing was written."""
    answer = client.post(M, fields)
    assert answer.status_code == 200 and "errorlist" in answer.content.decode()
    assert not Tuning.objects.exclude(value=None).exists() and not Change.objects.exists()
    return dict(answer.context["adminform"].form.errors)


def test_every_setting_is_listed_with_its_value_source_and_bounds(clerk: Client) -> None:
    tuning.change("FILING_EVERY_SECONDS", 7, who=None, why="")
    listed = page(clerk, SETTINGS).split("</thead>")[1].split("</table>")[0]
    rows = {row.split("</a>")[0].split(">")[-1].strip(): row for row in listed.split("<tr ")[1:]}
    assert set(rows) == set(settings.TUNABLE)
    for told in ("How many records are filed at one tick (m)", ">200<", "records", "environment", "1 – 10000"):
        assert told in rows["FILING_BATCH_SIZE"]
    for told in (">7<", "seconds", "staff", "1 – 3600"):
        assert told in rows["FILING_EVERY_SECONDS"]


def test_a_setting_is_changed_with_a_reason_and_given_back(clerk: Client) -> None:
    assert clerk.post(M, {"value": "300", "why": "a busy day"}).status_code == 302
    assert tuning.value("FILING_BATCH_SIZE") == 300
    assert clerk.post(M, {"value": "", "why": "it is over"}).status_code == 302
    assert tuning.value("FILING_BATCH_SIZE") == 200
    assert list(Change.objects.order_by("pk").values_list("who__username", "who_name", "after", "why")) == [
        ("clerk", "clerk", "300", "a busy day"),
        ("clerk", "clerk", "200 (environment)", "it is over"),
    ]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("0", "between 1 and 10000"),
        ("10001", "between 1 and 10000"),
        ("100", "above n = 100"),
        ("many", "whole number"),
    ],
)
def test_what_is_wrong_is_said_at_the_value(clerk: Client, value: str, told: str) -> None:
    errors = refused(clerk, value=value, why="because")
    assert list(errors) == ["value"] and told in errors["value"][0]


@pytest.mark.parametrize("value", ["-1", "1.5", "99999999999999999999", "1\x00"])
def test_what_is_no_value_at_all_is_refused(clerk: Client, value: str) -> None:
    assert list(refused(clerk, value=value, why="because")) == ["value"]


@pytest.mark.parametrize("why", ["", "   "])
def test_the_reason_is_asked_for_at_its_field(clerk: Client, why: str) -> None:
    assert list(refused(clerk, value="300", why=why)) == ["why"]


def test_who_may_only_look_changes_nothing_and_is_not_asked_why(client: Client) -> None:
    staff(client, "view_tuning")
    page(client, SETTINGS)
    seen = page(client, M)
    assert "between" not in seen and 'name="why"' not in seen and 'name="value"' not in seen
    assert client.post(M, {"value": "300", "why": "because"}).status_code == 403
    assert tuning.value("FILING_BATCH_SIZE") == 200


def test_without_the_permission_nothing_is_seen(client: Client) -> None:
    staff(client)
    for address in (SETTINGS, M, CHANGES):
        assert client.get(address).status_code == 403


def test_settings_are_neither_made_nor_taken_away(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    page(client, SETTINGS)
    assert client.get(reverse("admin:hospital_tuning_add")).status_code == 403
    delete = reverse("admin:hospital_tuning_delete", args=["FILING_BATCH_SIZE"])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert "no_such" not in page(client, SETTINGS)


def test_a_name_that_is_no_longer_a_setting_is_not_shown(clerk: Client) -> None:
    Tuning.objects.create(name="OF_AN_OLDER_RELEASE", value=5)
    assert "OF_AN_OLDER_RELEASE" not in page(clerk, SETTINGS)


def test_a_setting_is_changed_although_its_list_was_never_opened(clerk: Client) -> None:
    assert not Tuning.objects.exists()
    assert ">200<" in page(clerk, M)


def test_changes_are_found_and_never_rewritten(clerk: Client) -> None:
    tuning.change("FILING_BATCH_SIZE", 300, who="command line", why="a busy day")
    tuning.change("TRIAL_LINE_MINUTES", 5, who=None, why="")
    for told in ("command line", "FILING_BATCH_SIZE", "200 (environment)", "300", "a busy day"):
        assert told in page(clerk, CHANGES)
    table = page(clerk, CHANGES, q="busy").split("result_list")[1].split("</table>")[0]
    assert "FILING_BATCH_SIZE" in table and "TRIAL_LINE_MINUTES" not in table
    table = page(clerk, CHANGES, subject="TRIAL_LINE_MINUTES").split("result_list")[1].split("</table>")[0]
    assert "TRIAL_LINE_MINUTES" in table and "FILING_BATCH_SIZE" not in table
    one = reverse("admin:hospital_change_change", args=[Change.objects.earliest("pk").pk])
    assert clerk.post(one, {"why": "another"}).status_code == 403
    assert Change.objects.earliest("pk").why == "a busy day"


def test_n_is_held_against_the_m_that_staff_have_set(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    tuning.change("FILING_BATCH_SIZE", 300, who=None, why="")
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    address = reverse("admin:insurance_quota_change", args=[quota.pk])
    said = {"least": "1", "adapts": "on", "why": "a busy day"}
    assert client.post(address, said | {"per_minute": "300"}).status_code == 200
    assert client.post(address, said | {"per_minute": "299"}).status_code == 302
