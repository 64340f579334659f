"""What an insurer's profile is made of: what is usual in its dialect, and over it what is said of its centre."""

import json

from django.conf import LazySettings

from config import insurers
from insurance.interface.profile import Operation
from insurance.quota import directory


def test_a_centre_may_differ_from_its_dialect(settings: LazySettings) -> None:
    habits = {"opter": "OP7", "infnos": {"trial": "2421"}, "refusals": {"settle": {"already_settled": ["早已结算"]}}}
    said = {"name": "yulin", "regions": ["4509"], "url": "tcp://h:9000", "dialect": "delimited", "habits": habits}
    settings.INSURERS = insurers.read(json.dumps([said]))
    profile = directory.terms("yulin").profile()
    assert (profile.opter, profile.charset, profile.recer_sys_code) == ("OP7", "gb18030", "NEW")
    assert [profile.infno(each) for each in (Operation.TRIAL, Operation.SETTLE)] == ["2421", "2410"]
    assert profile.path_of(Operation.TRIAL) == profile.path_of(Operation.SETTLE) == "/eapdomain/SiInterfaceAction.do"
    for text in ("早已结算", "单据号已结算，不能重复结算"):
        assert profile.refusal(Operation.SETTLE, text) == "already_settled"
    assert profile.refusal(Operation.QUERY, "未查询到结算信息") == "no_such_settlement"
