"""The environment the demo's processes run in: the names of the contract, with free ports and secrets of this run."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.engines import free_ports
from demo.options import Options

STANDARD_BATCH = 200
"""m, unless n asks for more: the start refuses m <= n."""

NOT_PASSED_ON = ("PYTHONPATH", "DJANGO_SETTINGS_MODULE", "FLOWER_PORT", "FLOWER_ADDRESS")
"""Variables of the caller's shell that would change what the demo runs."""


@dataclass(frozen=True)
class Ports:
    """Loopback ports of one run."""

    web: int
    insurer: int
    payments: int
    flower: int
    push: int
    others: tuple[int, ...] = ()
    """Of the insurers beside the first one."""

    @classmethod
    def free(cls, insurers: int = 1) -> "Ports":
        """Those that nobody uses now."""
        web, insurer, payments, flower, push, *others = free_ports(4 + insurers)
        return cls(web, insurer, payments, flower, push, tuple(others))


@dataclass(frozen=True)
class Beside:
    """An insurer beside the first one: who is insured in `region` goes there."""

    name: str
    region: str
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def beside(ports: Ports) -> list[Beside]:
    """They serve regions that are nowhere; whoever is not insured in one of them goes to the first insurer."""
    return [Beside(f"insurer-{place}", f"990{place}00", port) for place, port in enumerate(ports.others, start=2)]


@dataclass(frozen=True)
class Servers:
    """Addresses of the database and of the two uses of Redis or Valkey."""

    database: str
    broker: str
    cache: str


def environment(options: Options, servers: Servers, ports: Ports, home: Path) -> dict[str, str]:
    """Everything the processes and `manage.py` are told. What the caller has set and we do not need, they get too."""
    passed_on = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    return {**passed_on, **_servers(servers), **_interface(options, ports), **_web(ports, home, serve=options.serve)}


def _servers(servers: Servers) -> dict[str, str]:
    # The scripts of this virtual environment first: the Procfile names them without a path.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "DATABASE_URL": servers.database, "BROKER_URL": servers.broker, "CACHE_URL": servers.cache}


def _interface(options: Options, ports: Ports) -> dict[str, str]:
    n = options.per_minute
    return {
        "INSURANCE_URL": options.insurer or f"http://127.0.0.1:{ports.insurer}",
        "INSURANCE_DIALECT": options.dialect,
        "INSURER_DIALECT": _face(options.dialect),
        "INSURANCE_TRIAL_PER_MINUTE": str(n),
        "INSURANCE_SETTLEMENT_PER_MINUTE": str(n),
        "FILING_BATCH_SIZE": str(STANDARD_BATCH if n < STANDARD_BATCH else 2 * n),
        "FILING_EVERY_SECONDS": "2",
        # What was lost is asked about sooner than in a hospital: somebody is watching.
        "SETTLEMENT_ATTEMPTS_SECONDS": "5,10,20,40,80",
        "SETTLEMENT_SETTLING_SECONDS": "20",
        "INSURER_PORT": str(ports.insurer),
        "INSURER_PER_MINUTE": str(n),
        "INSURER_LOSE": str(options.lose),
        **({"INSURERS": json.dumps([_named(each) for each in beside(ports)])} if ports.others else {}),
        "PAYMENTS_PORT": str(ports.payments),
        "PAYMENT_URL": f"http://127.0.0.1:{ports.payments}",
    }


def _named(one: Beside) -> dict[str, object]:
    """As `INSURERS` has it; n and the dialect are the first one's (docs/insurers.md)."""
    return {"name": one.name, "regions": [one.region], "url": one.address}


def _face(dialect: str) -> str:
    """What the simulated insurer calls it: the same, or for a dialect elsewhere the `centre.Centre` beside it."""
    package, _, attribute = dialect.rpartition(".")
    return f"{package}.centre.Centre" if package else attribute


def _web(ports: Ports, home: Path, *, serve: bool) -> dict[str, str]:
    return {
        "DEBUG": "0",
        "NO_PROXY": "127.0.0.1,localhost",
        "HOST": "127.0.0.1",
        "PORT": str(ports.web),
        "PUBLIC_URL": f"http://127.0.0.1:{ports.web}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        # The crowd comes from one address; every other limit stays as it is.
        "RATE_LIMIT_PER_ADDRESS": "1000000/m",
        "RATE_LIMIT_SIGNED_IN_PER_ADDRESS": "1000000/m",
        "PUSH_PORT": str(ports.push),
        "PUSH_URL": f"http://127.0.0.1:{ports.push}/push" if serve else "",
        "FLOWER_PORT": str(ports.flower),
        "FLOWER_BASIC_AUTH": os.environ.get("FLOWER_BASIC_AUTH", "admin:admin"),
        "VAR": str(home),
        "SECRET_KEY": kept_secret(home, "secret_key"),
        "PII_KEY": kept_secret(home, "pii_key"),
        "PAYMENT_SECRET": kept_secret(home, "payment_secret"),
    }


def kept_secret(home: Path, name: str) -> str:
    """A random secret made once and kept in `home`: a database that is kept stays readable."""
    file = home / name
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text()


def given(name: str, variables: Mapping[str, str] = os.environ) -> str | None:
    """A server address of the caller's own, if set and not empty."""
    return variables.get(name) or None
