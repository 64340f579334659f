"""`INSURERS` is read strictly: what is wrong is said in one line that names the insurer and the field."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import habits, insurers
from insurance.interface.gateways import Key
from insurance.interface.profile import Operation, Profile
from insurance.quota.access import gateway_keys

ONE = {"name": "changsha", "regions": ["4301"], "url": "http://yb.changsha.example"}
OTHER = {"name": "hunan", "regions": ["43"], "url": "http://yb.hunan.example"}


def read(*listed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return insurers.read(json.dumps(listed))


def together(*listed: dict[str, Any], regions: tuple[str, ...] = ()) -> None:
    own = {"url": "http://own.example", "institution_code": "H99999900001", "region": "999900"}
    insurers.check_together(**own, regions=regions, others=read(*listed))


def test_nothing_said_is_the_default_one_alone() -> None:
    assert insurers.read("") == insurers.read(" ") == {}


def test_what_is_said_is_taken() -> None:
    habits = {"visit_days": True, "infnos": {"trial": "2206"}, "headers": {"x-tif-paasid": "secret"}}
    found = read({**ONE, "trial_per_minute": 60, "settlement_per_minute": None, "habits": habits}, OTHER)
    assert list(found) == ["changsha", "hunan"]
    assert found["changsha"]["regions"] == ("4301",) and found["changsha"]["settlement_per_minute"] is None
    assert "name" not in found["changsha"] and "at_once" not in found["changsha"]
    together(ONE, OTHER, regions=("9999",))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "not valid JSON"),
        ("{}", "a list like"),
        ('["changsha"]', "a list like"),
        (json.dumps([{"name": "changsha"}]), "'changsha' lacks regions"),
        (json.dumps([{**ONE, "name": "default"}]), "name of insurer 'default'"),
        (json.dumps([{**ONE, "name": "Chang Sha"}]), "name of insurer"),
        (json.dumps([{**ONE, "regions": []}]), "regions of insurer 'changsha'"),
        (json.dumps([{**ONE, "regions": "4301"}]), "regions of insurer 'changsha'"),
        (json.dumps([{**ONE, "regions": ["43x"]}]), "regions of insurer 'changsha'"),
        (json.dumps([{**ONE, "url": "yb.example"}]), "url of insurer 'changsha'"),
        (json.dumps([{**ONE, "url": "tcp://yb.example"}]), "url of insurer 'changsha'"),
        (json.dumps([{**ONE, "dialect": "nowhere.DIALECT"}]), "dialect of insurer 'changsha'"),
        (json.dumps([{**ONE, "habits": {"charset": "gb99999"}}]), "habits of insurer 'changsha'"),
        (json.dumps([{**ONE, "dialect": "klingon"}]), "dialect of insurer 'changsha'"),
        (json.dumps([{**ONE, "institution_code": "H1"}]), "institution_code of insurer"),
        (json.dumps([{**ONE, "trial_per_minute": 0}]), "trial_per_minute of insurer"),
        (json.dumps([{**ONE, "trial_per_minute": "60"}]), "trial_per_minute of insurer"),
        (json.dumps([{**ONE, "trial_per_minute": None}]), "trial_per_minute of insurer"),
        (json.dumps([{**ONE, "trial_per_minute": True}]), "trial_per_minute of insurer"),
        (json.dumps([{**ONE, "at_once": 1001}]), "at_once of insurer"),
        (json.dumps([{**ONE, "per_minute": 60}]), "no field 'per_minute'"),
        (json.dumps([{**ONE, "habits": {"visit_days": "yes"}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"infnos": {"lunch": "2206"}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"infnos": {"trial": "220600"}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"infnos": {"trial": ""}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"headers": {"x-hospital": "医院"}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"headers": {"x-hospital": "a\r\nb"}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"headers": {"医院": "a"}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"gateway": "klingon"}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"security": "rot13"}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"nodes": {"settle": "mdtrtinfo"}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"refusals": {"settle": {"already_settled": "已结算"}}}}]), "habits of insurer"),
        (json.dumps([{**ONE, "habits": {"base_url": "http://other"}}]), "habits of insurer"),
        (json.dumps([{**ONE, "profile": "mars"}]), "profile of insurer 'changsha'"),
        (json.dumps([{**ONE, "keys": {"token": "x"}}]), "keys of insurer 'changsha'"),
        (json.dumps([{**ONE, "tls": {"ca": ""}}]), "tls of insurer 'changsha'"),
        (json.dumps([ONE, {**OTHER, "name": "changsha"}]), "the name changsha is there twice"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, named: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=named) as caught:
        insurers.read(text)
    assert "\n" not in str(caught.value) and "INSURERS" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "a") for name in ("", "x hospital", "x:hospital", "x-hospital ", "x(1)", "x\ty")),
        *((name, "a") for name in ("Content-Length", "transfer-encoding", "HOST", "Connection")),
        *(("x-hospital", value) for value in (" a", "a ", "a\t", "a\x7f")),
    ],
)
def test_a_header_that_could_not_leave_stops_the_start(name: str, value: str) -> None:
    for read_it in (
        lambda headers: read({**ONE, "habits": {"headers": headers}}),
        lambda headers: habits.read(json.dumps({"headers": headers}), "INSURANCE_HABITS"),
    ):
        with pytest.raises(ImproperlyConfigured, match=r"a header is a token and printable ASCII .* content-length"):
            read_it({name: value})
        read_it({"X-Hospital_1.a": "a b", "x-empty": ""})


def test_a_header_is_not_repeated() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read({**ONE, "habits": {"headers": {"token": ["secret"]}}})
    assert "secret" not in str(caught.value)


def test_a_profile_and_what_differs_from_it() -> None:
    habits = {"infnos": {"query": "5203A"}, "refusals": {"settle": {"already_settled": ["早已结算"]}}}
    said = read({**ONE, "profile": "hunan", "habits": habits})["changsha"]
    assert "profile" not in said and said["habits"]["gateway"] == "csb"
    found = Profile("http://h", "H99999900001", "h", "430100", **said["habits"])
    assert (found.infno(Operation.SETTLE), found.infno(Operation.QUERY)) == ("2207", "5203A")
    assert found.refusal(Operation.SETTLE, "早已结算") == "already_settled" and not found.refusal(Operation.SETTLE, "?")
    assert found.refusal(Operation.REVERSE, "未查询到需要冲正的") == "nothing_to_reverse", "as everywhere"


def access(**own: Any) -> None:
    others = own.pop("others", {})
    insurers.check_access(own={"url": "https://yb.example", "dialect": "national", "habits": {}, **own}, others=others)


def test_keys_are_there_where_they_are_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CSB_SECRET", "s3cret")
    (tmp_path / "next").write_text("n3xt\n")
    keys = {"name": "AK", "secret": "env:CSB_SECRET", "next_secret": f"file:{tmp_path}/next"}
    access(habits={"gateway": "csb"}, keys=keys)
    assert gateway_keys(keys, "H") == [Key("AK", "s3cret"), Key("AK", "n3xt")]
    assert gateway_keys({"secret": "env:CSB_SECRET"}, "H99999900001") == [Key("H99999900001", "s3cret")]
    with pytest.raises(ImproperlyConfigured, match="keys of default lack secret"):
        access(habits={"gateway": "csb"})
    with pytest.raises(ImproperlyConfigured, match="keys of changsha lack sm2_private, sm2_centre, sm4"):
        access(others=read({**ONE, "profile": "jilin"}))


@pytest.mark.parametrize("reference", ["env:NO_SUCH_VARIABLE", "file:/no/such/file", "hunter2", "env:", ""])
def test_a_secret_is_named_by_where_it_lies_and_never_repeated(reference: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="secret of default") as caught:
        access(keys={"secret": reference})
    assert "hunter2" not in str(caught.value)


def test_keys_and_certificates_of_the_default_one_are_texts_of_known_names() -> None:
    assert insurers.keys("") == insurers.tls(" ") == {}
    for read_it, text in ((insurers.keys, "["), (insurers.keys, "[]"), (insurers.tls, '{"password": "x"}')):
        with pytest.raises(ImproperlyConfigured, match="INSURANCE_"):
            read_it(text)


def test_a_certificate_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"certificates of default \(ca /no/such.pem\)"):
        access(tls={"ca": "/no/such.pem"})


def test_nobodys_region_is_served_twice() -> None:
    with pytest.raises(ImproperlyConfigured, match="the region 4301 is there twice"):
        together(ONE, {**OTHER, "regions": ["43", "4301"]})
    with pytest.raises(ImproperlyConfigured, match="the region 4301 is there twice"):
        together(ONE, regions=("9999", "4301"))


def test_one_interface_is_not_counted_under_two_names() -> None:
    """Its n would be twice what it is."""
    with pytest.raises(ImproperlyConfigured, match=r"the interface http.*hunan.* for H99999900001"):
        together({**ONE, "url": f"{OTHER['url']}/"}, OTHER)
    together({**ONE, "url": OTHER["url"], "institution_code": "H43010000001"}, OTHER)


def test_the_hospitals_own_region_is_served_by_somebody() -> None:
    with pytest.raises(ImproperlyConfigured, match="own region 999900"):
        together(ONE, regions=("1101",))
    together({**ONE, "regions": ["99"]}, regions=("1101",))


def test_m_is_above_n_for_each() -> None:
    with pytest.raises(ImproperlyConfigured, match="trial_per_minute of changsha"):
        insurers.check_below_m(read({**ONE, "trial_per_minute": 200}), 200)
    insurers.check_below_m(read({**ONE, "trial_per_minute": 199}), 200)


def test_the_brake_lets_through_what_all_take_together() -> None:
    own = {"trial": 100, "settlement": 100, "shared": None}
    assert insurers.together(**own, others={}) == (100, 100, None)
    assert insurers.together(**own, others=read({**ONE, "trial_per_minute": 60}, OTHER)) == (260, 300, None)
    assert insurers.together(**own, others=read({**ONE, "settlement_per_minute": None})) == (200, None, None)
    assert insurers.together(**own, others=read({**ONE, "shared_per_minute": 30})) == (130, 130, None)


def test_a_line_by_tcp_and_a_dialect_elsewhere_may_be_named() -> None:
    """The host of a vendor's DLL, another character set, and a dialect outside the package (docs/dialects.md)."""
    ways = {"url": "tcp://yb.example:9000", "dialect": "examples.forms.DIALECT", "habits": {"charset": "gbk"}}
    taken = read({**ONE, **ways})["changsha"]
    assert {name: taken[name] for name in ways} == ways


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"tls": {"ca": "ca.pem"}}, "must begin with https"),
        ({"url": "tcp://yb.example:9000", "habits": {"gateway": "csb"}}, "there is no gateway"),
        ({"dialect": "fhir", "habits": {"security": "sm2-input"}}, "no envelope"),
        ({"dialect": "delimited", "habits": {"encrypts": True}}, "no envelope"),
        ({"dialect": "mobile", "habits": {"encrypts": True}}, "no envelope"),
        ({"keys": {"callback_secret": "env:HOME"}}, "no callback"),
        ({"dialect": "fhir", "habits": {"signs_in": True}}, "no sign-in"),
    ],
)
def test_what_does_not_fit_together_stops_the_start(said: dict[str, Any], why: str) -> None:
    plain = {"url": "http://yb.example", "dialect": "national", "habits": {}}
    insurers.check_access(own=plain, others={})
    for own, others in ((plain | said, {}), (plain, {"changsha": plain | said})):
        with pytest.raises(ImproperlyConfigured, match=why):
            insurers.check_access(own=own, others=others)
