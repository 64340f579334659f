"""Signed in on a device: a short access token and a refresh token that works once (RFC 9700, 4.14).

Each refresh gives a new pair and uses the old token up. All refresh tokens of one sign-in are a family: their ids begin
with the id of the first. A token that is used twice is in two hands, so its family ends, and the device must sign in
again. An access token is not looked up and works on until it runs out; a new password ends both kinds at once.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, BlacklistMixin, RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch, get_md5_hash_password

from hospital.prepared import Prepared

FORGOTTEN_AT_ONCE = 5000

TOKENS_KNOWN = 20_000


class Pair(TypedDict):
    """What a device keeps."""

    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says of its holder. Whether that still holds, only the account's row knows."""

    user_id: int
    expires_at: float
    password_mark: str

    def hold(self, is_active: bool, password: str) -> bool:
        """Whether they hold for an account with this row: not shut, and no new password since."""
        return is_active and get_md5_hash_password(password) == self.password_mark


class DeviceToken(RefreshToken):
    """A refresh token: signature, kind and time are checked here, whether it was used up in `rotate`."""

    def check_blacklist(self) -> None:
        """Under the user's lock instead."""

    @classmethod
    def for_user(cls, user: Any) -> "DeviceToken":
        token: DeviceToken = super(BlacklistMixin, cls).for_user(user)
        _enter(token, user)
        return token


def claims_of(text: str) -> Claims | None:
    """The claims of an access token that is sound and has not run out. None: it is not, or no token at all."""
    try:
        claims = _sound(text)
    except (TokenError, KeyError, ValueError):
        return None
    return claims if time.time() < claims.expires_at else None


@lru_cache(maxsize=TOKENS_KNOWN)
def _sound(text: str) -> Claims:
    """A signature is verified once a process."""
    token = AccessToken(text)  # type: ignore[arg-type]
    mark = str(token[api_settings.REVOKE_TOKEN_CLAIM])
    return Claims(int(token[api_settings.USER_ID_CLAIM]), float(token["exp"]), mark)


def own_rows(statement: Prepared, asked: Sequence[tuple[Claims, int]]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Of those who ask for one thing each, who may see it: the place among them, and what was read for it.

    The statement is given the askers' ids and those of the things. Its rows begin with the place (from 1), the
    account's `is_active` and `password`, and whether the thing is the asker's own.
    """
    rows = statement.rows([claims.user_id for claims, pk in asked], [pk for claims, pk in asked]) if asked else []
    for place, is_active, password, is_own, *read in rows:
        if is_own and asked[place - 1][0].hold(is_active, password):
            yield place - 1, read


def rotate(text: str) -> Pair:
    """A new pair for this refresh token, which is used up. Raises `InvalidToken`, `AuthenticationFailed`."""
    token = _read(text)
    with transaction.atomic():
        user = _lock(JWTAuthentication().get_user(token))
        used_before = BlacklistedToken.objects.filter(token__jti=token["jti"]).exists()
        pair = None if used_before else _renew(token, user)
        _end(_family(token) if used_before else OutstandingToken.objects.filter(jti=token["jti"]))
    if pair is None:
        raise InvalidToken(_("This refresh token was used before. Sign in again."))
    return pair


def sign_out(text: str) -> None:
    """End the family of this refresh token. One that is none any more is ended already (RFC 7009, 2.2)."""
    try:
        token = _read(text)
    except InvalidToken:
        return
    with transaction.atomic():
        user = get_user_model().objects.filter(pk=token["user_id"]).first()
        if user is not None:
            _lock(user)
            _end(_family(token))


def sign_out_everywhere(user: User) -> None:
    """End every refresh token of this person."""
    with transaction.atomic():
        _end(OutstandingToken.objects.filter(user=_lock(user)))


def forget_expired() -> int:
    """Delete what has run out. All live equally long, so the oldest are looked at and nothing else."""
    oldest = OutstandingToken.objects.order_by("pk").values_list("pk", "expires_at")[:FORGOTTEN_AT_ONCE]
    now = timezone.now()
    return OutstandingToken.objects.filter(pk__in=[pk for pk, until in oldest if until < now]).delete()[0]


def _read(text: str) -> DeviceToken:
    try:
        return DeviceToken(text)  # type: ignore[arg-type]
    except TokenError as error:
        raise InvalidToken(error.args[0]) from error


def _lock(user: Any) -> User:
    """Two that refresh, or one that refreshes while another signs out, go one after the other."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _renew(token: DeviceToken, user: User) -> Pair:
    access = str(token.access_token)
    fresh = DeviceToken(str(token))  # type: ignore[arg-type]
    fresh["jti"] = f"{_first(token)}.{uuid4().hex}"
    fresh.set_exp()
    fresh.set_iat()
    _enter(fresh, user)
    return {"access": access, "refresh": str(fresh)}


def _enter(token: DeviceToken, user: User) -> None:
    """The row knows the token by its id and holds none that works: whoever reads the table can sign in with nothing."""
    OutstandingToken.objects.create(
        user=user,
        jti=token["jti"],
        token="",
        created_at=token.current_time,
        expires_at=datetime_from_epoch(token["exp"]),
    )


def _first(token: DeviceToken) -> str:
    return str(token["jti"]).partition(".")[0]


def _family(token: DeviceToken) -> QuerySet[OutstandingToken]:
    first = _first(token)
    return OutstandingToken.objects.filter(Q(jti=first) | Q(jti__startswith=f"{first}."))


def _end(tokens: QuerySet[OutstandingToken]) -> None:
    BlacklistedToken.objects.bulk_create([BlacklistedToken(token=row) for row in tokens], ignore_conflicts=True)
