"""The environment, read strictly: a wrong value is an `ImproperlyConfigured` that names the variable and the remedy."""

import re
from collections.abc import Iterable
from datetime import time
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured

from insurance.interface.dialects import DIALECTS, is_there

Network = IPv4Network | IPv6Network

DEVELOPMENT_SECRET = "for-development-only-never-in-production-0123456789"

MAIL_TIMEOUT_SECONDS = 10
WHOEVER_IS_CUT_OFF_NOTICES = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""After half a minute without a sign of life from the database's host; the system's own limits are a quarter of an hour
and more. (libpq's: seconds, and milliseconds for the last one.)"""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Environment(environ.Env):  # type: ignore[misc]  # django-environ has no types
    """`environ.Env` with the few kinds of value this project needs."""

    def address(self, name: str) -> str:
        """An http(s) address or a path of ours, without its last slash; empty: none."""
        value: str = self.str(name, default="").rstrip("/")
        if not re.fullmatch(r"(https?://[^/\s;,']+)?(/[^\s;,']*)?", value):
            raise ImproperlyConfigured(f"{name} must be https://host/push or a path like /push, not {value!r}")
        return value

    def secret(self, name: str, *, debug: bool, default: str = "") -> str:
        """A key of at least 32 characters. Only with DEBUG, or where there is a default, may it be missing."""
        value: str = self.str(name, default="") or default or (DEVELOPMENT_SECRET if debug else "")
        if len(value) < 32:
            raise ImproperlyConfigured(f"{name} must be set to a secret of at least 32 characters (or set DEBUG=1)")
        return value

    def secrets(self, name: str) -> list[str]:
        """Keys of at least 32 characters each, with commas and nothing else between; empty: none. A key is taken as it
        is, as by `secret`: one that ends in a line feed is another one without it."""
        values = [value for value in str(self.str(name, default="")).split(",") if value.strip()]
        if any(len(value) < 32 for value in values):
            raise ImproperlyConfigured(f"{name} must be secrets of at least 32 characters each, with commas between")
        return values

    def dotted_name(self, name: str) -> str:
        """Where a function is, such as our_house.kms.keys; empty: none is named."""
        path = str(self.str(name, default="")).strip()
        if path and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", path):
            raise ImproperlyConfigured(f"{name} must name a function as in our_house.kms.keys, not {path!r}")
        return path

    def token(self, name: str) -> str:
        """A word of at least 16 characters that opens something; empty: there is none."""
        value = str(self.str(name, default="")).strip()
        if value and len(value) < 16:
            raise ImproperlyConfigured(f"{name} must have at least 16 characters, or be left empty")
        return value

    def origins(self, name: str) -> list[str]:
        """Web origins such as https://app.hospital.example, by name: a wildcard would let every page in."""
        origins = [str(origin).strip() for origin in self.list(name, default=[])]
        for origin in origins:
            if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?", origin):
                raise ImproperlyConfigured(
                    f"{name} must be origins such as https://app.hospital.example, each by its name, not {origin!r}"
                )
        return origins

    def receiver(self, name: str, *, debug: bool) -> str:
        """Where we post to: https://, on this machine or with DEBUG http:// too; empty: nowhere."""
        url = str(self.str(name, default="")).strip()
        try:
            address = urlsplit(url)
            plain = address.scheme == "http" and (debug or address.hostname in LOOPBACK)
            good = bool(address.hostname) and (address.scheme == "https" or plain)
        except ValueError:
            good = False
        if url and not good:
            raise ImproperlyConfigured(f"{name} must begin with https:// (http:// only on this machine or with DEBUG)")
        return url

    def networks(self, name: str) -> list[Network]:
        """Networks such as 10.20.0.0/16 or 2001:db8::/32, with commas between."""
        words = [str(word).strip() for word in self.list(name, default=[])]
        try:
            return [ip_network(word) for word in words]
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} must be networks such as 10.20.0.0/16,192.0.2.7/32: {error}") from error

    def signing_key(self, name: str) -> str:
        """The text of a PEM file with an Ed25519 private key and no password; empty: none is named."""
        path: str = self.str(name, default="").strip()
        if not path:
            return ""
        try:
            pem = Path(path).read_text()
            key = load_pem_private_key(pem.encode(), None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            how = "openssl genpkey -algorithm ed25519 -out FILE"
            raise ImproperlyConfigured(f"{name} must name a readable PEM file with an Ed25519 private key ({how})")
        return pem

    def folder(self, name: str) -> str:
        """Where files are kept: the whole path of a folder that outlives the process; empty: nowhere."""
        text = str(self.str(name, default="")).strip()
        path = Path(text)
        if text and (not path.is_absolute() or (path.exists() and not path.is_dir())):
            raise ImproperlyConfigured(f"{name} must be the whole path of a folder such as /srv/archive, not {text!r}")
        passing = Path(self.str("VAR", default="var")), Path(gettempdir())
        if text and any(path.resolve().is_relative_to(one.resolve()) for one in passing):
            raise ImproperlyConfigured(f"{name} must lie where files stay: {text} is in VAR or among temporary files")
        return text

    def positive(self, name: str, *, default: int) -> int:
        """A whole number greater than zero."""
        return self._whole(name, str(self.str(name, default=str(default))), least=1)

    def not_negative(self, name: str, *, default: int) -> int:
        """A whole number, zero allowed."""
        return self._whole(name, str(self.str(name, default=str(default))), least=0)

    def positive_or_none(self, name: str, *, default: str) -> int | None:
        """A whole number greater than zero; empty means "no limit"."""
        text = str(self.str(name, default=default)).strip()
        return self._whole(name, text, least=1) if text else None

    def waits(self, name: str, *, default: str) -> list[int]:
        """Seconds to wait before each attempt, such as 10,60,300."""
        parts = [part.strip() for part in str(self.str(name, default=default)).split(",")]
        if not all(part.isdigit() and int(part) for part in parts):
            raise ImproperlyConfigured(f"{name} must be waits in seconds such as {default}, not {','.join(parts)!r}")
        return [int(part) for part in parts]

    def database(self, name: str, *, pooled: bool) -> dict[str, Any]:
        """A PostgreSQL address: the only database there is (design 8). `pooled`: PgBouncer stands in between, in
        transaction mode: nothing may be kept in a session, and the guards are its own (pgbouncer.ini)."""
        url = self.str(name, default="postgres://postgres@127.0.0.1:5432/hospital")
        if not url.startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured(f"{name} must begin with postgres:// (PostgreSQL is the only database)")
        config = self.db_url_config(url)
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
        config["DISABLE_SERVER_SIDE_CURSORS"] = pooled
        options = config.setdefault("OPTIONS", {})
        options.update({"connect_timeout": 5, **WHOEVER_IS_CUT_OFF_NOTICES})
        if not pooled:
            # A process that stops inside a transaction must not hold everybody else's locks. What is prepared
            # (`hospital/prepared.py`) is planned once.
            limits = "-c idle_in_transaction_session_timeout=15000 -c statement_timeout=60000"
            options["options"] = f"{limits} -c plan_cache_mode=force_generic_plan"
        return dict(config)

    def mail(self, name: str) -> dict[str, Any]:
        """Django's settings of the mail server, from an address such as smtp+tls://user:password@host:587."""
        url = str(self.str(name, default="")).strip()
        if url and url.split("://", 1)[0] not in self.EMAIL_SCHEMES:
            raise ImproperlyConfigured(f"{name} must begin with smtp://, smtp+tls:// or smtp+ssl://")
        return {**self.email_url_config(url or "dummymail://"), "EMAIL_TIMEOUT": MAIL_TIMEOUT_SECONDS}

    def time_zone(self, name: str, *, default: str) -> str:
        """A name of the time zone database."""
        zone: str = self.str(name, default=default)
        if zone not in available_timezones():
            raise ImproperlyConfigured(f"{name} must be a time zone such as {default}, not {zone!r}")
        return zone

    def time_of_day(self, name: str, *, default: str) -> time:
        """A time by the clock, such as 02:00."""
        text: str = self.str(name, default=default)
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
            raise ImproperlyConfigured(f"{name} must be a time such as {default}, not {text!r}")
        return time.fromisoformat(text)

    def rate(self, name: str, *, default: str) -> str:
        """So many in so long, such as 60/m: s, m, h, d."""
        rate: str = self.str(name, default=default)
        if not re.fullmatch(r"[0-9]+/[0-9]*[smhd]", rate):
            raise ImproperlyConfigured(f"{name} must be a rate such as {default}, not {rate!r}")
        return rate

    def one_of(self, name: str, choices: Iterable[str], *, default: str) -> str:
        """One of these words."""
        word: str = self.str(name, default=default)
        if word not in set(choices):
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(sorted(choices))}, not {word!r}")
        return word

    def dialect(self, name: str, *, default: str) -> str:
        """How one speaks to an insurer: a known name, or the dotted path of another dialect (docs/dialects.md)."""
        word: str = self.str(name, default=default)
        if not is_there(word):
            raise ImproperlyConfigured(
                f"{name} must be one of {', '.join(sorted(DIALECTS))} or a dotted path, not {word!r}"
            )
        return word

    def broker_is_amqp(self, url: str) -> bool:
        """True for RabbitMQ (several nodes of a cluster: addresses with ; between), False for Redis or Valkey; anything
        else stops the start."""
        schemes = {address.split("://", 1)[0] for address in url.split(";")}
        if schemes <= {"amqp", "amqps", "pyamqp"}:
            return True
        if len(schemes) == 1 and schemes <= {"redis", "rediss"}:
            return False
        raise ImproperlyConfigured("BROKER_URL must begin with amqp:// (RabbitMQ) or redis:// (Redis, Valkey)")

    def _whole(self, name: str, text: str, *, least: int) -> int:
        if not text.strip().isdigit() or int(text) < least:
            raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, not {text!r}")
        return int(text)
