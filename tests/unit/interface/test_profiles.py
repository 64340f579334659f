"""The regions' profiles against the recorded messages, and decoders against whatever a centre may add or leave out."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insurance.interface import profiles
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Reply
from insurance.interface.gateways import GATEWAYS
from insurance.interface.profile import Operation, Profile
from insurance.interface.security.rules import RULES
from tests.unit.interface.test_samples import REPLIES, REQUESTS, at
from tests.unit.interface.words import profile, sample

Json = dict[str, Any]
REGION_OF = {"zhejiang": "zhejiang", "hunan": "hunan", "nanyang": "nanyang"}
OF_THE_SITE = ("dev_no", "dev_safe_info", "cainfo", "signtype", "opter", "opter_name", "opter_type", "sign_no")
"""What the profile of a region cannot know."""


def region_of(name: str) -> str:
    return next(region for word, region in REGION_OF.items() if word in name)


def here(recorded: Json, region: str, changes: Json) -> Profile:
    """The region's profile at the recorded site; `changes`: what the recording has by its own."""
    habits = profiles.PROFILES[region]
    site = {name: recorded[name] for name in OF_THE_SITE if name in recorded and name not in habits}
    own = {name: value for name, value in changes.items() if name in ("constants", "mac", "ip")}
    return Profile(
        "http://127.0.0.1:1",
        recorded.get("fixmedins_code", ""),
        recorded.get("fixmedins_name", ""),
        recorded["mdtrtarea_admvs"],
        **{**site, **habits, **own},
    )


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_a_regions_profile_writes_what_was_recorded_there(name: str) -> None:
    operation, exchange, question, changes = REQUESTS[name]
    recorded = json.loads(sample(name))
    first = next(iter(recorded["input"].values()))
    region = here(recorded, region_of(name), dict(changes))
    request = exchange.encode(region, recorded["msgid"], at(recorded["inf_time"]), question(recorded, first))
    written = {field: value for field, value in json.loads(request.body).items() if field in recorded}
    assert written == recorded
    assert request.infno == recorded["infno"] == region.infno(operation)


@pytest.mark.parametrize("name", sorted(profiles.PROFILES))
def test_every_profile_is_a_profile(name: str) -> None:
    found = profile(**profiles.PROFILES[name])
    assert found.gateway in ("", *GATEWAYS) and found.security in ("", *RULES)
    for operation in Operation:
        assert found.path_of(operation).startswith("/") and "{" not in found.path_of(operation)


@pytest.mark.parametrize(
    ("name", "operation", "infno", "path"),
    [
        ("zhejiang", Operation.SETTLE, "2207A", "/fsi/api/outpatientSettleService/saveSettletmentA"),
        ("hunan", Operation.UPLOAD_VISIT, "2203", "/fsi/api/rsfComIfsService/callService"),
        ("jiangsu", Operation.UPLOAD_VISIT, "2203A", "/fsi/api/rsfComIfsService/callService"),
        ("jiangsu", Operation.SETTLE, "2207", "/fsi/api/rsfComIfsService/callService"),
        ("guangdong", Operation.SETTLE, "2207", "/poc-hsa-hgs-2207"),
        ("hebei", Operation.TRIAL, "2206", "/fsi/api/outpatientSettleService/preSettletment"),
        ("nanyang", Operation.TRIAL, "2206", "/hss-call-service-interface"),
        ("sichuan", Operation.TRIAL, "2206A", "/mss/web/api/fsi/callService"),
    ],
)
def test_numbers_and_paths(name: str, operation: Operation, infno: str, path: str) -> None:
    found = profile(**profiles.PROFILES[name])
    assert (found.infno(operation), found.path_of(operation)) == (infno, path)


def test_a_site_says_more_than_its_region() -> None:
    found = profiles.merged(profiles.PROFILES["hebei"], {"paths": {"query": "/q"}, "infver": "2", "signs_in": False})
    assert found["paths"]["query"] == "/q" and Operation.TRIAL in found["paths"]
    assert (found["infver"], found["signs_in"], found["gateway"]) == ("2", False, "tif")


# --- decoders ---------------------------------------------------------------------------------

ADDED = st.dictionaries(
    st.text("abcdefgh_", min_size=9, max_size=12), st.none() | st.integers() | st.text(max_size=5), max_size=2
)
READ = sorted(name for name, (_, _, expected) in REPLIES.items() if expected is not None)


def everywhere(value: Any, added: Json) -> Any:
    """The same with these fields in every object."""
    match value:
        case dict():
            return {**{name: everywhere(inner, added) for name, inner in value.items()}, **added}
        case list():
            return [everywhere(inner, added) for inner in value]
        case _:
            return value


@pytest.mark.parametrize("name", READ)
def test_an_unknown_field_never_breaks_a_decoder(name: str) -> None:
    exchange, question, _ = REPLIES[name]
    recorded = json.loads(sample(name), parse_float=str)
    expected = exchange.decode(question, Reply(200, {}, sample(name)))

    @settings(deadline=None, max_examples=15)
    @given(ADDED)
    def decoded(added: Json) -> None:
        body = json.dumps(everywhere(recorded, added)).encode()
        assert exchange.decode(question, Reply(200, {}, body)) == expected

    decoded()


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every field."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [found for key, each in pairs for found in leaves(each, (*path, key))]
    return ([path] if path and isinstance(path[-1], str) else []) + inner


def without(value: Any, path: tuple[str | int, ...]) -> Any:
    changed = json.loads(json.dumps(value))
    place = changed
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return changed


@pytest.mark.parametrize("name", READ)
def test_a_missing_field_is_named_or_was_not_needed(name: str) -> None:
    """Each field of the output taken away in turn: read as before or otherwise, or an error that names the field."""
    exchange, question, _ = REPLIES[name]
    recorded = json.loads(sample(name), parse_float=str)
    named = 0
    for path in leaves(recorded["output"]):
        body = json.dumps(without(recorded, ("output", *path))).encode()
        try:
            exchange.decode(question, Reply(200, {}, body))
        except OutcomeUnknown as error:
            assert str(path[-1]) in str(error), path
            named += 1
    assert named, "something is required"
