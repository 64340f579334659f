"""No card, ID number or phone comes out of the formatter, wherever in a line it was put."""

import json
import logging
import subprocess
import sys
from datetime import date, timedelta
from logging.config import DictConfigurator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config import logs
from config.masking import MASK, masked
from tests.factories import _WEIGHTS

ROOT = Path(__file__).parents[3]
FORMATTERS = {
    form: DictConfigurator(logs.configuration("INFO", form)).configure_formatter(  # type: ignore[no-untyped-call]
        logs.configuration("INFO", form)["formatters"]["line"]
    )
    for form in logs.FORMATS
}
NOT_A_DIGIT = st.characters(exclude_categories=("Nd", "Cs"), exclude_characters="xX")
AROUND = st.text(NOT_A_DIGIT, max_size=12)


@st.composite
def id_numbers(draw: st.DrawFn) -> str:
    born = date(1900, 1, 1) + timedelta(days=draw(st.integers(0, 45_000)))
    first = f"{draw(st.integers(110000, 659999))}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, _WEIGHTS, strict=True)) % 11]


PHONES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
CARDS = st.from_regex(r"[A-Z][0-9]{8}[0-9A-Z]?|62[0-9]{14,17}", fullmatch=True)
SECRETS = id_numbers() | CARDS


def written(form: str, message: str, *args: Any, error: BaseException | None = None, **extra: Any) -> str:
    trace = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, args, trace)
    vars(record).update(extra)
    return FORMATTERS[form].format(record)


def raised(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


@pytest.mark.parametrize("form", logs.FORMATS)
@settings(max_examples=30, deadline=None)
@given(secret=SECRETS, before=st.text(NOT_A_DIGIT, max_size=12).map(lambda text: f"{text} "), after=AROUND)
@example(secret="110101199001010013", before="\x01", after="")
def test_no_secret_is_written(form: str, secret: str, before: str, after: str) -> None:
    text = f"{before}{secret} {after}"
    lines = [
        written(form, text.replace("%", "%%"), *()) if "%" not in text else "",
        written(form, "%s", text),
        written(form, "%r of %s", {"a": [text, {"b": secret}]}, 1),
        written(form, "oh", error=raised(text)),
        written(form, "oh", msgid=text, purpose={"x": (text,)}, seconds=int(secret) if secret.isdigit() else 0),
    ]
    assert not any(secret in line for line in lines)
    assert all(MASK in line for line in lines[1:])


@given(secret=id_numbers(), around=AROUND)
def test_an_id_number_is_found_whatever_stands_beside_it(secret: str, around: str) -> None:
    assert secret not in masked(f"{around}{secret}{around}")


@given(phone=PHONES)
def test_a_phone_is_not_written(phone: str) -> None:
    for text in (phone, f"tel:{phone}。", f"+86 {phone}", f"'{phone}'", f"线路{phone}号"):
        assert phone not in written("json", "%s", text)


@pytest.mark.parametrize(
    "text",
    [
        "{'psn_name': '张三'}",
        '{"psn_name": "张三", "a": 1}',
        r"{\"psn_name\":\"张三\"}",
        "psn_name=张三&x=1",
        "patient_name='张三'",
        "{'name': '张三'}",
    ],
)
def test_a_name_beside_its_key_is_not_written(text: str) -> None:
    assert "张三" not in masked(text) and MASK in masked(text)


def test_a_card_beside_its_key_is_not_written_whatever_it_looks_like() -> None:
    assert "ABCD" not in written("json", "%s", {"mdtrt_cert_no": "ABCD"})
    assert "ABCD" not in written("json", "x", purpose={"mdtrt_cert_no": "ABCD"})


@pytest.mark.parametrize(
    "text",
    [
        "H99999900001202611241234560001",
        "0b9f6f0e-5a5b-4d6e-8c1f-13812345678a",
        "trial 12: waiting → calling",
        "2026-11-24T12:29:03.675195Z",
        "2206A for settlement 1234567: answered",
        "<Quota: name=trial>",
    ],
)
def test_what_is_nobodys_is_left_alone(text: str) -> None:
    assert masked(text) == text


def test_a_line_is_json_with_the_fields_and_without_what_libraries_add() -> None:
    line = json.loads(written("json", "%s for %s", "2206A", "trial 1", msgid="M1", infno="2206A", data={"args": "[]"}))
    assert (line["event"], line["level"], line["logger"], line["msgid"]) == ("2206A for trial 1", "info", "x", "M1")
    assert line["timestamp"].endswith("Z") and "data" not in line


def test_the_trace_is_one_field_of_one_line() -> None:
    text = written("json", "oh", error=raised("no"))
    assert "\n" not in text and json.loads(text)["exception"].endswith("ValueError: no")


def test_every_handler_that_there_is_masks() -> None:
    """Django's and Celery's own are taken away: what has none writes through the root's."""
    named = [one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    ours = {type(handler.formatter).__name__ for handler in logging.getLogger().handlers if handler.formatter}
    others = [one.name for one in named if any(type(h) is logging.StreamHandler for h in one.handlers)]
    assert "ProcessorFormatter" in ours and others == []


UNDER_UVICORN = """
import logging.config
from uvicorn.config import LOGGING_CONFIG
from config import logs
logging.config.dictConfig(LOGGING_CONFIG)
before = logging.getLogger("uvicorn").handlers[:]
logging.config.dictConfig(logs.configuration("INFO", "json"))
assert before and not logging.getLogger("uvicorn").handlers
logging.getLogger("uvicorn.error").error("Exception for %s", "110101199001010013")
"""


def test_what_uvicorn_says_of_an_error_is_masked_too() -> None:
    """It has set up its own lines before it loads us."""
    run = subprocess.run([sys.executable, "-c", UNDER_UVICORN], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stderr)["event"] == f"Exception for {MASK}"


def test_without_the_filter_it_would_be_written() -> None:
    """Negative control: the plain formatter that everybody has."""
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%s", ("110101199001010013",), None)
    assert "110101199001010013" in logging.Formatter().format(record)


@pytest.mark.parametrize("form", logs.FORMATS)
def test_a_link_to_follow_is_nobodys_to_read_in_a_log(form: str) -> None:
    line = written(form, "Too Many Requests: %s", "/follow/hxPe_M-4kY0/story/", request="GET /follow/hxPe_M-4kY0/")
    assert "hxPe_M" not in line and line.count(f"/follow/{MASK}/") >= 1
