"""A wrong or contradictory environment stops the start: one line on stderr and a code that is not zero."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"SECRET_KEY": "s" * 40, "PII_KEY": "p" * 40, "PAYMENT_SECRET": "m" * 40, "DEBUG": "0"}
OURS = (
    "INSURANCE_",
    "PAYMENT_",
    "NOTICE_",
    "FILING_",
    "TRIAL_",
    "RATE_LIMIT_",
    "INSURER",
    "STAFF_",
    "EMAIL_",
    "CORS_",
)


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in an environment of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    inherited.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**inherited, **GOOD, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_good_environment_starts() -> None:
    for environment in ({}, {"ARCHIVE_FOLDER": "/srv/archive"}):
        ended = start(**environment)
        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
        ({"PII_KEY": ""}, "PII_KEY"),
        ({"PII_OLD_KEYS": "short"}, "PII_OLD_KEYS"),
        ({"PII_KEYS_FROM": "our house"}, "PII_KEYS_FROM"),
        ({"KEEP_MESSAGES_MONTHS": "0"}, "KEEP_MESSAGES_MONTHS"),
        ({"PAYMENT_SECRET": "short"}, "PAYMENT_SECRET"),
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://u@h/d"}, "DATABASE_URL"),
        ({"BROKER_URL": "memory://"}, "BROKER_URL"),
        ({"BROKER_URL": "sqs://"}, "BROKER_URL"),
        ({"BROKER_URL": "amqp://one//;redis://two"}, "BROKER_URL"),
        ({"FILING_BATCH_SIZE": "100"}, "FILING_BATCH_SIZE"),
        ({"FILING_BATCH_SIZE": "0"}, "FILING_BATCH_SIZE"),
        ({"FILING_BATCH_SIZE": "many"}, "FILING_BATCH_SIZE"),
        ({"INSURANCE_TRIAL_PER_MINUTE": "200"}, "INSURANCE_TRIAL_PER_MINUTE"),
        ({"INSURANCE_TRIAL_PER_MINUTE": "0"}, "INSURANCE_TRIAL_PER_MINUTE"),
        ({"INSURANCE_TRIAL_PER_MINUTE": "-5"}, "INSURANCE_TRIAL_PER_MINUTE"),
        ({"INSURANCE_TRIAL_PER_MINUTE": "1.5"}, "INSURANCE_TRIAL_PER_MINUTE"),
        ({"INSURANCE_SETTLEMENT_PER_MINUTE": "0"}, "INSURANCE_SETTLEMENT_PER_MINUTE"),
        ({"INSURANCE_SHARED_PER_MINUTE": "lots"}, "INSURANCE_SHARED_PER_MINUTE"),
        ({"INSURANCE_SHARED_PER_MINUTE": "200"}, "INSURANCE_SHARED_PER_MINUTE"),
        ({"FILING_EVERY_SECONDS": "0"}, "FILING_EVERY_SECONDS"),
        ({"INSURANCE_TIMEOUT_SECONDS": "soon"}, "INSURANCE_TIMEOUT_SECONDS"),
        ({"INSURANCE_DIALECT": "klingon"}, "INSURANCE_DIALECT"),
        ({"INSURANCE_INSTITUTION_CODE": "H1"}, "INSURANCE_INSTITUTION_CODE"),
        ({"INSURERS": '[{"name": "changsha"}]'}, "INSURERS"),
        ({"INSURANCE_PROFILE": "mars"}, "INSURANCE_PROFILE"),
        ({"INSURANCE_HABITS": '{"visit_days": "yes"}'}, "INSURANCE_HABITS"),
        ({"INSURANCE_PROFILE": "hunan"}, "INSURANCE_KEYS"),
        ({"INSURANCE_TLS": '{"ca": "/no/such.pem"}'}, "INSURANCE_TLS"),
        ({"INSURANCE_REGIONS": "43x"}, "INSURANCE_REGIONS"),
        ({"INSURANCE_REGIONS": "4301"}, "INSURANCE_REGION"),
        ({"PUSH_URL": "localhost:8001"}, "PUSH_URL"),
        ({"PUSH_URL": "https://h/push; script-src *"}, "PUSH_URL"),
        ({"RECONCILE_AT": "25:00"}, "RECONCILE_AT"),
        ({"RECONCILE_AT": "two"}, "RECONCILE_AT"),
        ({"RECONCILE_AT": "00:05"}, "RECONCILE_AT"),
        ({"TRIAL_LINE_MINUTES": "-1"}, "TRIAL_LINE_MINUTES"),
        ({"TRIAL_VALID_SECONDS": "0"}, "TRIAL_VALID_SECONDS"),
        ({"PAYMENT_EXPIRES_SECONDS": ""}, "PAYMENT_EXPIRES_SECONDS"),
        ({"NOTICE_WEBHOOK_URL": "http://127.0.0.1/"}, "NOTICE_WEBHOOK_SECRET"),
        ({"NOTICE_WEBHOOK_SECRET": "x" * 40}, "NOTICE_WEBHOOK_URL"),
        ({"NOTICE_WEBHOOK_URL": "http://app.example/", "NOTICE_WEBHOOK_SECRET": "x" * 40}, "NOTICE_WEBHOOK_URL"),
        ({"NOTICE_WEBHOOK_URL": "ftp://127.0.0.1/", "NOTICE_WEBHOOK_SECRET": "x" * 40}, "NOTICE_WEBHOOK_URL"),
        ({"NOTICE_WEBHOOK_OLD_SECRET": "x" * 40}, "NOTICE_WEBHOOK_OLD_SECRET"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "app.hospital.example"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://*.hospital.example"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.hospital.example/"}, "CORS_ALLOWED_ORIGINS"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"JWT_KEY": "short"}, "JWT_KEY"),
        ({"STAFF_ALERT_EMAIL": "desk@hospital.example"}, "EMAIL_URL"),
        ({"EMAIL_URL": "smtp://localhost:25"}, "STAFF_ALERT_EMAIL"),
        ({"STAFF_ALERT_EMAIL": "desk@hospital.example", "EMAIL_URL": "http://localhost"}, "EMAIL_URL"),
        ({"ARCHIVE_FOLDER": "archive"}, "ARCHIVE_FOLDER"),
        ({"ARCHIVE_FOLDER": "/etc/hostname"}, "ARCHIVE_FOLDER"),
        ({"ARCHIVE_FOLDER": "/srv/var/archive", "VAR": "/srv/var"}, "ARCHIVE_FOLDER"),
        ({"ARCHIVE_FOLDER": "/tmp/archive", "TMPDIR": "/tmp"}, "ARCHIVE_FOLDER"),
        ({"STATEMENT_KEY": "/nowhere/statement.pem"}, "STATEMENT_KEY"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
        ({"TIME_ZONE": "Mars/Olympus"}, "TIME_ZONE"),
        ({"LANGUAGE_CODE": "tlh"}, "LANGUAGE_CODE"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"RATE_LIMIT_PER_USER": "often"}, "RATE_LIMIT_PER_USER"),
        ({"RATE_LIMIT_PER_USER": "5"}, "RATE_LIMIT_PER_USER"),
    ],
    ids=lambda given: "-".join(f"{k}={v}" for k, v in given.items()) if isinstance(given, dict) else "",
)
def test_a_wrong_value_stops_the_start_with_one_line(environment: dict[str, str], named: str) -> None:
    ended = start(**environment)
    assert ended.returncode != 0
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1 and named in lines[0], ended.stderr
    assert not any(GOOD[name] in ended.stderr for name in GOOD if name != "DEBUG")
