"""`INSURERS` is read strictly: what is wrong is said in one line that names the insurer and the field."""

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import insurers

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
        (json.dumps([ONE, {**OTHER, "name": "changsha"}]), "the name changsha is there twice"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, named: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=named) as caught:
        insurers.read(text)
    assert "\n" not in str(caught.value) and "INSURERS" in str(caught.value)


def test_a_header_is_not_repeated() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read({**ONE, "habits": {"headers": {"token": ["secret"]}}})
    assert "secret" not in str(caught.value)


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
