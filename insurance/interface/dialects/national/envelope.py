"""The request envelope and how values are written in it. Source: protocol 1.1, 1.3 (H t2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from insurance.interface.exchange import Attachment, Request
from insurance.interface.profile import Operation, Profile
from insurance.interface.times import centre_time

Fields = Mapping[str, object]

CONTENT_TYPE = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Payload:
    """The `input` of a request, node by node, and the region where the person is insured ("" if nobody is meant).

    A file goes along as `attachment`; one is expected back when `answer_bytes` says how long it may be.
    """

    nodes: Fields
    insuplc_admdvs: str = ""
    attachment: Attachment | None = None
    answer_bytes: int | None = None


def encode(profile: Profile, operation: Operation, msgid: str, now: datetime, payload: Payload) -> Request:
    """One enveloped request. `now` is aware and becomes inf_time in the centre's wall time."""
    infno = profile.infno(operation)
    document = {
        "infno": infno,
        "msgid": msgid,
        "insuplc_admdvs": payload.insuplc_admdvs or profile.region,
        "inf_time": wall_time(now),
        **_sender(profile),
        **profile.envelope,
        "input": _as_here(profile, operation, _with_constants(payload.nodes, profile.constants.get(operation, {}))),
    }
    plain = request(profile, operation, document)
    return replace(plain, attachment=payload.attachment, answer_bytes=payload.answer_bytes)


def request(
    profile: Profile, operation: Operation, document: Fields, headers: Mapping[str, str] | None = None
) -> Request:
    """A JSON document, UTF-8, to the operation's path."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    sent_headers = {"content-type": CONTENT_TYPE, **profile.headers, **(headers or {})}
    return Request(profile.infno(operation), profile.path_of(operation), sent_headers, body)


def wall_time(moment: datetime) -> str:
    """`yyyy-MM-dd HH:mm:ss` at the centre. Raises ValueError for a naive time, which would be the machine's own."""
    return centre_time(moment).strftime("%Y-%m-%d %H:%M:%S")


def day(moment: date) -> str:
    """`yyyy-MM-dd`; of a datetime, the day at the centre."""
    return wall_time(moment)[:10] if isinstance(moment, datetime) else moment.isoformat()


def _sender(profile: Profile) -> dict[str, str | None]:
    return {
        "mdtrtarea_admvs": profile.region,
        "recer_sys_code": profile.recer_sys_code,
        "dev_no": profile.dev_no,
        "dev_safe_info": profile.dev_safe_info,
        "cainfo": profile.cainfo,
        "signtype": profile.signtype,
        "infver": profile.infver,
        "opter_type": profile.opter_type,
        "opter": profile.opter,
        "opter_name": profile.opter_name,
        "fixmedins_code": profile.institution_code,
        "fixmedins_name": profile.institution_name,
        "sign_no": profile.sign_no,
    }


def _as_here(profile: Profile, operation: Operation, nodes: Fields) -> object:
    """The nodes and fields under the names that they have here."""
    called = profile.nodes.get(operation, {})
    return renamed({called.get(name, name): node for name, node in nodes.items()}, profile.names)


def renamed(value: object, names: Mapping[str, str]) -> object:
    """The same, with these names in place of those, at whatever depth."""
    match value:
        case Mapping() if names:
            return {names.get(name, name): renamed(inner, names) for name, inner in value.items()}
        case list() if names:
            return [renamed(inner, names) for inner in value]
        case _:
            return value


def _with_constants(nodes: Fields, constants: Mapping[str, str]) -> dict[str, object]:
    """The regional constants belong to the first node, or to each of its rows."""
    written = dict(nodes)
    first = next(iter(written))
    written[first] = _merged(written[first], constants)
    return written


def _merged(node: object, constants: Mapping[str, str]) -> object:
    if isinstance(node, list):
        return [_merged(row, constants) for row in node]
    return {**node, **constants} if isinstance(node, Mapping) else node
