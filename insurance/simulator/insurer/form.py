"""The form of 9101: the envelope as a text, the file beside it as it is (protocol 2, files)."""

import re

BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary="?([^";]+)"?', re.IGNORECASE)
NAME = re.compile(rb'[;\s]name="([^"]*)"')


def parts(content_type: str, body: bytes) -> tuple[bytes, bytes]:
    """The envelope and the file; of a body that is no form, the whole body and nothing."""
    boundary = BOUNDARY.match(content_type)
    if boundary is None:
        return body, b""
    named = _named(body, boundary[1].encode("latin-1"))
    return named.get(b"jsonStr", b""), named.get(b"file", b"")


def _named(body: bytes, boundary: bytes) -> dict[bytes, bytes]:
    """Each part's content by its name. What follows the last boundary has no head and is passed over."""
    found = {}
    for section in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        head, gap, content = section.partition(b"\r\n\r\n")
        name = NAME.search(head)
        if gap and name:
            found[name[1]] = content
    return found
