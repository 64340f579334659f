"""Which failure a reply is: the table of protocol 1.2 and 4."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.interface.dialects.national.replies import output
from insurance.interface.errors import InterfaceError, NotSent, OutcomeUnknown, Refused, Throttled

REFUSED = {"infcode": -1, "err_msg": "参保状态异常", "output": None}
THROTTLED = {"infcode": -1, "err_msg": "请求过于频繁，请稍后再试"}
SUCCESS = {"infcode": 0, "output": {"data": {}}}
HTML = b"<html><body>502 Bad Gateway</body></html>"


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (401, {}, b"", NotSent),
        (401, {}, HTML, NotSent),
        (200, {}, {"code": 401, "message": "签名不一致!"}, NotSent),
        (200, {}, {"code": "401", "message": "非法用户!"}, NotSent),
        (401, {}, {"code": 401, "message": "签名时间戳超时!"}, NotSent),
        (500, {}, {"code": 401, "message": "缺少服务网关的请求头!"}, NotSent),
        (429, {}, b"", Throttled),
        (429, {}, HTML, Throttled),
        (429, {"Retry-After": "7"}, THROTTLED, Throttled),
        (503, {"Retry-After": "7"}, HTML, Throttled),
        (503, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", Throttled),
        (200, {}, {"code": 429, "message": "too many"}, Throttled),
        (200, {}, THROTTLED, Throttled),
        (200, {}, {"infcode": "-1", "err_msg": "触发限流"}, Throttled),
        (200, {}, {"infcode": -1, "err_msg": "超过流量控制阈值"}, Throttled),
        (200, {}, {"infcode": -1, "err_msg": "超过每分钟允许调用次数"}, Throttled),
        (200, {}, {"infcode": -1, "err_msg": "调用次数已达上限"}, Throttled),
        (200, {}, {"infcode": -1, "err_msg": "Too Many Requests"}, Throttled),
        (200, {}, {"code": -1, "type": "error", "message": "访问频繁"}, Throttled),
        (200, {}, REFUSED, Refused),
        (400, {}, REFUSED, Refused),
        (200, {}, {**REFUSED, "infcode": "-1"}, Refused),
        (200, {}, {**REFUSED, "infcode": -2}, Refused),
        (200, {}, {**REFUSED, "err_msg": None}, Refused),
        (200, {}, {"infcode": -1, "err_msg": "超过年度门诊统筹报销次数"}, Refused),
        (200, {}, {"type": "error", "infcode": -1, "err_msg": "交易报文不正确：未知交易编号！"}, Refused),
        (200, {}, {"type": "error", "err_msg": "未知交易编号"}, Refused),
        (200, {}, {"code": -1, "type": "error", "message": "数据重复", "data": None}, Refused),
        (200, {}, b"", OutcomeUnknown),
        (200, {}, b"   ", OutcomeUnknown),
        (200, {}, HTML, OutcomeUnknown),
        (200, {}, b'{"infcode": 0, "output": {"da', OutcomeUnknown),
        (200, {}, b"[]", OutcomeUnknown),
        (200, {}, b'"0"', OutcomeUnknown),
        (200, {}, b"\xff\xfe\x00", OutcomeUnknown),
        (200, {}, '{"infcode":0,"err_msg":"成功"}'.encode("gbk"), OutcomeUnknown),
        (200, {}, b"[" * 100_000, OutcomeUnknown),
        (200, {}, b'{"infcode":0,"output":{"x":1e99999999999999999999}}', OutcomeUnknown),
        (200, {}, b'{"infcode":0,"output":{"x":NaN}}', OutcomeUnknown),
        (200, {}, b'{"infcode":0,"output":' + b"9" * 5000 + b"}", OutcomeUnknown),
        (200, {}, {}, OutcomeUnknown),
        (200, {}, {"infcode": None}, OutcomeUnknown),
        (200, {}, {"infcode": True}, OutcomeUnknown),
        (200, {}, {"infcode": False}, OutcomeUnknown),
        (200, {}, {"infcode": 0.5}, OutcomeUnknown),
        (200, {}, {"infcode": ""}, OutcomeUnknown),
        (200, {}, {"type": "error", "infcode": 0}, None),
        (200, {}, {"code": 999, "message": "proxy"}, OutcomeUnknown),
        (200, {}, {"code": None}, OutcomeUnknown),
        (500, {}, HTML, OutcomeUnknown),
        (500, {}, REFUSED, OutcomeUnknown),
        (500, {}, SUCCESS, OutcomeUnknown),
        (401, {}, SUCCESS, OutcomeUnknown),
        (429, {}, SUCCESS, OutcomeUnknown),
        (502, {}, b"", OutcomeUnknown),
        (503, {}, b"", OutcomeUnknown),
        (500, {}, {"code": -1, "message": "x"}, OutcomeUnknown),
        (500, {}, {"code": 0, "data": {}}, OutcomeUnknown),
        (504, {"retry-after": "3"}, HTML, OutcomeUnknown),
        (302, {"location": "/login"}, b"", OutcomeUnknown),
        (404, {}, HTML, OutcomeUnknown),
        (403, {}, b"", OutcomeUnknown),
        (404, {}, SUCCESS, OutcomeUnknown),
        (204, {}, b"", OutcomeUnknown),
        (200, {}, SUCCESS, None),
        (200, {}, {"infcode": "0", "err_msg": "成功", "output": None}, None),
        (200, {}, {"code": 0, "type": "success", "message": "", "data": {"a": 1}}, None),
    ],
)
def test_classification(status: int, headers: dict[str, str], body: object, error: type[InterfaceError] | None) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    if error is None:
        output(status, headers, raw)
        return
    with pytest.raises(InterfaceError) as raised:
        output(status, headers, raw)
    assert type(raised.value) is error


def test_output_and_data() -> None:
    assert output(200, {}, b'{"infcode":0,"output":{"a":1}}') == {"a": 1}
    assert output(200, {}, b'\xef\xbb\xbf{"infcode":"0","output":null}') is None
    assert output(200, {}, b'{"code":0,"data":{"a":1}}') == {"a": 1}


def test_what_the_exceptions_keep() -> None:
    with pytest.raises(Throttled) as throttled:
        output(429, {"Retry-After": "7"}, b"")
    assert throttled.value.retry_after_seconds == 7
    text = "冲正的结算信息退费结算标志不为未退费，不能办理冲正交易[iptPsnSetlMgtBO_4412]"
    with pytest.raises(Refused) as refused:
        output(200, {}, json.dumps({"infcode": -1, "err_msg": text}).encode())
    assert (refused.value.code, str(refused.value)) == ("iptPsnSetlMgtBO_4412", text)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_bytes(status: int, body: bytes) -> None:
    with pytest.raises(InterfaceError):
        output(status, {}, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.sampled_from([200, 400, 401, 429, 500, 503]),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("infcode", "code", "type", "err_msg", "output", "data"), JSON)),
)
def test_any_document(status: int, document: dict[str, object]) -> None:
    try:
        output(status, {"retry-after": "x"}, json.dumps(document).encode())
    except InterfaceError:
        return
    assert document.get("infcode", document.get("code")) in (0, "0")
