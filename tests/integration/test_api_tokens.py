"""Signed in: rotation, sign-out, a token in two hands, a new password."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from hospital import tokens
from insurance import upkeep
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused, wrong_fields
from tests.races.together import at_once, codes, good

pytestmark = pytest.mark.usefixtures("own_counters")
TOKEN, NOTICES = f"{doing.API}/token/", f"{doing.API}/notices/"
PASSWORD = "correct horse battery"


@pytest.fixture
def user() -> User:
    user: User = factories.patient().user
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(user: User) -> dict[str, str]:
    """On another device each time."""
    answer = APIClient().post(TOKEN, {"username": user.username, "password": PASSWORD}, format="json")
    assert answer.status_code == 200
    return dict(answer.json())


def refresh(pair: dict[str, str]) -> Any:
    return APIClient().post(f"{TOKEN}refresh/", {"refresh": pair["refresh"]}, format="json")


def sign_out(pair: dict[str, str]) -> Any:
    return APIClient().post(f"{TOKEN}revoke/", {"refresh": pair["refresh"]}, format="json")


def with_access(pair: dict[str, str]) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    return client


def test_each_refresh_gives_a_new_pair_that_works(user: User) -> None:
    first = sign_in(user)
    second = refresh(first).json()
    third = refresh(second).json()
    assert len({pair["refresh"] for pair in (first, second, third)}) == 3
    assert with_access(third).get(NOTICES).status_code == 200


def test_a_token_in_two_hands_ends_its_family_and_no_other(user: User) -> None:
    stolen, elsewhere = sign_in(user), sign_in(user)
    owners = refresh(stolen).json()
    refused(refresh(stolen), 401, "token_not_valid")
    refused(refresh(owners), 401, "token_not_valid")
    assert refresh(elsewhere).status_code == 200


def test_signing_out_ends_this_device_alone(user: User) -> None:
    here, elsewhere = sign_in(user), sign_in(user)
    renewed = refresh(here).json()
    assert sign_out(renewed).status_code == 204
    refused(refresh(renewed), 401, "token_not_valid")
    assert refresh(elsewhere).status_code == 200


def test_signing_out_everywhere_ends_every_device(user: User) -> None:
    pairs = [sign_in(user) for _ in range(3)]
    stranger = tokens.DeviceToken.for_user(factories.patient().user)
    assert with_access(pairs[0]).post(f"{TOKEN}revoke-all/").status_code == 204
    for pair in pairs:
        refused(refresh(pair), 401, "token_not_valid")
    assert refresh({"refresh": str(stranger)}).status_code == 200
    assert refresh(sign_in(user)).status_code == 200


@pytest.mark.parametrize("token", ["garbage", "a.b.c"])
def test_what_is_no_token_any_more_is_signed_out_already(token: str) -> None:
    assert sign_out({"refresh": token}).status_code == 204


@pytest.mark.parametrize("token", [7, 1.5, None, ["a"], "", "x" * 2001])
def test_what_cannot_be_a_token_is_refused(token: Any) -> None:
    for path in ("refresh", "revoke"):
        answer = APIClient().post(f"{TOKEN}{path}/", {"refresh": token}, format="json")
        assert {field for field, _ in wrong_fields(answer)} == {"refresh"}


def test_a_new_password_ends_every_token_at_once(user: User) -> None:
    pair = sign_in(user)
    user.set_password("another horse battery")
    user.save()
    refused(with_access(pair).get(NOTICES), 401, "authentication_failed")
    refused(refresh(pair), 401, "authentication_failed")


def test_an_account_that_is_closed_gets_no_token(user: User) -> None:
    pair = sign_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    refused(refresh(pair), 401, "authentication_failed")


def test_an_access_token_is_short_and_refreshes_nothing(user: User) -> None:
    pair = sign_in(user)
    access = tokens.DeviceToken.access_token_class(pair["access"])  # type: ignore[arg-type]
    assert 14 * 60 < access["exp"] - access["iat"] <= 15 * 60
    refused(refresh({"refresh": pair["access"]}), 401, "token_not_valid")


def test_no_row_holds_a_token_that_works(user: User) -> None:
    refresh(sign_in(user))
    assert list(OutstandingToken.objects.values_list("token", flat=True)) == ["", ""]


def test_the_upkeep_forgets_what_has_run_out(user: User) -> None:
    old, live = sign_in(user), sign_in(user)
    refresh(old)
    first = tokens.DeviceToken(old["refresh"])["jti"]  # type: ignore[arg-type]
    OutstandingToken.objects.filter(jti__startswith=first).update(expires_at=Now() - timedelta(seconds=1))
    assert upkeep.keep_records()["tokens that have run out"] >= 2
    assert all(row.expires_at > timezone.now() for row in OutstandingToken.objects.all())
    assert refresh(live).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_many_who_refresh_one_token_at_once_one_gets_a_pair(user: User) -> None:
    token = sign_in(user)["refresh"]
    outcomes = at_once([lambda: tokens.rotate(token)] * 8, threads=8)
    (pair,) = good(outcomes)
    assert codes(outcomes) == ["InvalidToken"] * 7
    refused(refresh(dict(pair)), 401, "token_not_valid")


@pytest.mark.django_db(transaction=True)
def test_who_refreshes_while_signing_out_everywhere_is_signed_out(user: User) -> None:
    for _ in range(5):
        token = sign_in(user)["refresh"]
        pairs = good(at_once([lambda: tokens.rotate(token), lambda: tokens.sign_out_everywhere(user)]))  # noqa: B023
        for pair in filter(None, pairs):
            refused(refresh(dict(pair)), 401, "token_not_valid")
