"""The older dialect's answer in XML (Yulin): the same line, and nothing that a document could do to its reader."""

import resource
from typing import Any

import pytest

from insurance.interface.dialects import load
from insurance.interface.dialects.delimited import wrapped
from insurance.interface.errors import InterfaceError, NotSignedIn, OutcomeUnknown, Refused, Throttled
from insurance.interface.exchange import Reply
from insurance.interface.transport import from_wire
from tests.unit.interface.fuzzing import PRICING, QUESTIONS
from tests.unit.interface.test_delimited import FAILURE, SUCCESS
from tests.unit.interface.words import sample

DIALECT = load("delimited")
MOST_BYTES = 1024 * 1024


def reply(name: str) -> Reply:
    """A sample as the transport hands it over: written in GBK there, UTF-8 here."""
    on_the_wire = sample(f"synthetic/yulin-2410-{name}.xml").decode().encode("gbk")
    return Reply(200, {"content-type": "text/xml; charset=GBK"}, from_wire(on_the_wire, "gb18030"))


def document(*parts: str, header: str = "<header><appCode>0</appCode></header>") -> str:
    return f"<result>{header}{''.join(parts)}</result>"


def param(value: str, name: str = "outputData") -> str:
    return f'<param paraName="{name}" paraValue="{value}"/>'


def error(text: str) -> str:
    return f'<errorMessage detailMessage="{text}"/>'


def test_a_wrapped_answer_is_read_as_its_line() -> None:
    bare = DIALECT.trial.decode(PRICING, Reply(200, {}, SUCCESS.encode()))
    assert DIALECT.trial.decode(PRICING, reply("response")) == bare
    assert (bare.total_fen, bare.account_fen) == (3, 3)


def test_a_refusal_is_read_as_its_line() -> None:
    for answer in (reply("refusal"), Reply(200, {}, FAILURE.encode())):
        with pytest.raises(Refused, match="单据号已结算，不能重复结算"):
            DIALECT.settle.decode(QUESTIONS["settle"], answer)


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("业务周期号无效", NotSignedIn),
        ("访问过于频繁", Throttled),
        ("待遇已冻结", Refused),
        ("网络连接超时", OutcomeUnknown),
        ("java.lang.NullPointerException", OutcomeUnknown),
        ("ORA-00001", OutcomeUnknown),
        ("null", OutcomeUnknown),
        ("系统繁忙，请稍后再试", OutcomeUnknown),
        ("系统维护中", OutcomeUnknown),
        ("处理失败", OutcomeUnknown),
        ("数据库操作失败", OutcomeUnknown),
        ("HTTP 500", OutcomeUnknown),
    ],
)
def test_what_the_servlet_says_is_told_apart(text: str, failure: type[InterfaceError]) -> None:
    with pytest.raises(InterfaceError) as raised:
        DIALECT.settle.decode(QUESTIONS["settle"], Reply(200, {}, document(error(text)).encode()))
    assert type(raised.value) is failure


@pytest.mark.parametrize(
    "text",
    [
        "<html><body>502 Bad Gateway</body></html>",
        document(param(SUCCESS), header=""),
        document(param(SUCCESS), header="<body><appCode>0</appCode></body>"),
        document(),
        document(param("")),
        document(param(SUCCESS, name="inputData")),
        document(param(SUCCESS), param(FAILURE)),
        document(param(SUCCESS), error("单据号已结算")),
        document(error("待遇已冻结"), error("单据号已结算")),
        document(param(SUCCESS))[:-3],
        document(param(SUCCESS)) + "<more/>",
    ],
)
def test_what_does_not_surely_say_it_says_nothing(text: str) -> None:
    with pytest.raises(OutcomeUnknown):
        wrapped.line(text)


def test_a_line_s_own_failure_may_have_an_error_beside_it() -> None:
    assert wrapped.line(document(param(FAILURE), error("单据号已结算"))) == FAILURE


def test_carets_of_an_error_are_no_parts_of_a_line() -> None:
    assert wrapped.line(document(error("a^b^c"))) == "^^a b c^"


LAUGHS = "".join(f'<!ENTITY l{each} "{f"&l{each - 1};" * 10}">' for each in range(1, 10))
HOSTILE: dict[str, Any] = {
    "billion laughs": f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>{document(param("&l9;"))}',
    "quadratic": f'<!DOCTYPE r [<!ENTITY a "{"a" * 100_000}">]>{document(param("&a;" * 10_000))}',
    "a file": f'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>{document(error("&x;"))}',
    "a parameter": f'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>{document(param(SUCCESS))}',
    "another DTD": f'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">{document(param(SUCCESS))}',
    "any DTD": f"<!DOCTYPE result>{document(param(SUCCESS))}",
}


@pytest.mark.security
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_document_with_a_dtd_is_not_read(text: str) -> None:
    """Negative control: without its DTD the last one is a success."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(OutcomeUnknown, match="DTD"):
        wrapped.line(text)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    assert wrapped.line(HOSTILE["any DTD"].partition(">")[2]) == SUCCESS


@pytest.mark.security
def test_an_entity_that_nobody_declared_is_not_whole_xml() -> None:
    with pytest.raises(OutcomeUnknown, match="not whole XML"):
        wrapped.line(document(param("&l9;")))
