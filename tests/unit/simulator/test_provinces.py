"""What the centre of a region takes and what it does not; all of it together: `tests/conformance/test_profiles.py`."""

import json
from typing import Any

import pytest

from insurance.simulator.insurer.faces import Message, NotUnderstood
from insurance.simulator.insurer.faces.national import National
from insurance.simulator.insurer.ledger import Ledger
from insurance.simulator.insurer.provinces import CSB, SERVICES

ASKED = {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": "999999199001010011"}}
UNKNOWN = "交易报文不正确：未知交易编号"


def asked(profile: str, infno: str, path: str, nodes: dict[str, Any], **header: str) -> dict[str, Any]:
    """What the centre of that region answers."""
    document = {"infno": infno, "msgid": "M1", "input": nodes, **header}
    centre = National(Ledger(), refuse_double=False, profile=profile)
    try:
        reply = centre.understand(Message(path, json.dumps(document).encode())).work()
    except NotUnderstood as error:
        reply = error.reply
    assert isinstance(reply, dict)
    return reply


def refusal(*about: Any, **header: str) -> str:
    """The text of a refusal."""
    reply = asked(*about, **header)
    assert str(reply["infcode"]) == "-1"
    return str(reply["err_msg"])


@pytest.mark.parametrize(
    ("profile", "infno", "path"),
    [
        ("hunan", "2206A", CSB),
        ("hunan", "1101", "/fsi/api/1101"),
        ("sichuan", "2207", "/mss/web/api/fsi/callService"),
        ("guangdong", "1101", "/poc-hsa-hgs-2201"),
        ("zhejiang", "3201", SERVICES["2601"]),  # as it was recorded (protocol 2)
        ("hebei", "3201", SERVICES["3201"]),
    ],
)
def test_another_form_or_url_is_an_unknown_number(profile: str, infno: str, path: str) -> None:
    assert refusal(profile, infno, path, ASKED).startswith(UNKNOWN)


def test_a_field_of_the_envelope_must_be_there_with_its_value() -> None:
    assert refusal("hunan", "1101", CSB, ASKED) == "recer_sys_code不正确"
    assert refusal("hunan", "1101", CSB, ASKED, recer_sys_code="HIS") == "recer_sys_code不正确"
    assert asked("hunan", "1101", CSB, ASKED, recer_sys_code="99")["infcode"] == 0
    assert refusal("jiangsu", "1101", CSB, ASKED, enc_type="") == "fixmedins_soft_fcty不正确"


def test_nobody_speaks_before_the_sign_in() -> None:
    for sign_no in ("", "680003"):
        text = refusal("zhejiang", "1101", SERVICES["1101"], ASKED, recer_sys_code="FSI_LOCAL", sign_no=sign_no)
        assert "未签到" in text


def test_guangzhou_s_settlement_is_called_otherwise_and_no_other_step() -> None:
    ledger = Ledger()
    ledger.signed_in.add("1")
    centre = National(ledger, refuse_double=False, profile="guangdong")

    def text(infno: str, node: str) -> str:
        document = {"infno": infno, "msgid": "M1", "sign_no": "1", "input": {node: {}}}
        message = Message(f"/poc-hsa-hgs-{infno}", json.dumps(document).encode())
        reply = centre.understand(message).work()
        assert isinstance(reply, dict)
        return str(reply["err_msg"])

    assert text("2207", "data") == "节点mdtrtinfo不能为空"
    assert text("2207", "mdtrtinfo") == "mdtrtinfo.psn_no不能为空"
    assert text("2206", "data") == "data.psn_no不能为空"


def test_jilin_s_infcode_is_a_text() -> None:
    assert asked("jilin", "1101", "/", ASKED, enc_type="SM4")["infcode"] == "0"
    assert asked("jilin", "1101", "/", ASKED)["infcode"] == "-1"


def test_hunan_wants_the_person_with_each_step() -> None:
    registration = {"data": {"psn_no": "1", "psn_cert_type": "01"}}
    assert refusal("hunan", "2201", CSB, registration, recer_sys_code="99") == "data.certno不能为空"


def test_a_region_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        National(Ledger(), refuse_double=False, profile="nowhere")
