"""The desk shows a message as the dialect of its insurer masks it; what that cannot read, by its size."""

import pytest
from django.conf import LazySettings

from insurance.desk import wire
from insurance.interface.masking import MASK

LINE = "2240^H1^OP^C^S^NEW^V1|张三|430100|^1^"
SOMEBODY = "张三 110101199001011234"


@pytest.fixture
def _two(settings: LazySettings) -> None:
    settings.INSURERS = {"lines": {"url": "tcp://127.0.0.1:1", "dialect": "delimited"}}


@pytest.mark.usefixtures("_two")
def test_each_insurers_messages_are_read_in_its_own_dialect() -> None:
    assert wire.shown("lines", "2240", LINE) == f"2240^H1^{MASK}^C^S^NEW^V1|{MASK}|430100|^1^"
    assert "cannot be read" in wire.shown("default", "2240", LINE)
    assert MASK in wire.shown("default", "1101", '{"psn_name": "张三"}')


def test_of_what_cannot_be_read_there_is_the_size() -> None:
    assert wire.shown("default", "1101", f"<html>{SOMEBODY}") == f"[{len(SOMEBODY) + 6} characters that cannot be read]"
    assert wire.shown("default", "1101", "") == ""
    assert wire.shown("default", "9102", "[a file of 260 bytes]") == "[a file of 260 bytes]"
    assert SOMEBODY not in wire.shown("default", "9102", f"[a file of 260 bytes]{SOMEBODY}")


def test_of_an_insurer_that_is_gone_nothing_breaks() -> None:
    assert "cannot be read" in wire.shown("gone", "2240", LINE)


def test_the_patients_name_is_masked_in_the_centres_own_words_too() -> None:
    said = '{"infcode": -1, "err_msg": "参保人张三丰未参保"}'
    assert "张三丰" in wire.shown("default", "1101", said), "without a word before it, it looks like any other"
    assert "张三丰" not in wire.shown("default", "1101", said, "张三丰") and "未参保" in wire.shown(
        "default", "1101", said
    )
