"""The members of a JSON object as they were written: a signature is over the text, not over what it means."""

import json

_DECODER = json.JSONDecoder()


def members(body: bytes) -> dict[str, str] | None:
    """Name → text of the value, as it stands there; None for what is not one JSON object."""
    try:
        text = body.decode("utf-8-sig").strip()
        if not isinstance(json.loads(text), dict):
            return None
    except (ValueError, RecursionError):
        return None
    return _scanned(text)


def joined(found: dict[str, str]) -> bytes:
    """The object with these members."""
    written = (f"{json.dumps(name, ensure_ascii=False)}:{text}" for name, text in found.items())
    return f"{{{','.join(written)}}}".encode()


def value(text: str) -> object:
    """What a member says."""
    return json.loads(text)


def _scanned(text: str) -> dict[str, str]:
    """Of an object that is known to be one: `{ "name" : value , "name" : value }`."""
    found: dict[str, str] = {}
    place = _past(text, 1)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        begin = _past(text, _past(text, place) + 1)
        _, place = _DECODER.raw_decode(text, begin)
        found[name] = text[begin:place]
        place = _past(text, place)
        if text[place] == ",":
            place = _past(text, place + 1)
    return found


def _past(text: str, place: int) -> int:
    """The next place that is not white space."""
    while text[place] in " \t\r\n":
        place += 1
    return place
