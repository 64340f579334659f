"""How a line is written and what it is called by: the hospital's serial is our message id in another order."""

from collections.abc import Iterable
from datetime import datetime

from insurance.interface.exchange import Request
from insurance.interface.profile import Operation, Profile
from insurance.interface.times import centre_time

ONLINE = "1"
_SEPARATORS = str.maketrans(dict.fromkeys("^|$\r\n\t", " "))
_NUMBER = 18  # of a message id: yyyyMMddHHmmss and four digits


def request(profile: Profile, operation: Operation, msgid: str, *rows: Iterable[str]) -> Request:
    """The line of an operation; `rows` are its arguments."""
    infno = profile.infno(operation)
    head = (infno, profile.institution_code, profile.opter, profile.sign_no or "", serial(profile, msgid))
    text = "^".join((*map(clean, head), clean(profile.recer_sys_code), "$".join(map(written, rows)), ONLINE, ""))
    headers = {"content-type": f"text/plain; charset={profile.charset}", **profile.headers}
    return Request(infno, profile.path_of(operation), headers, text.encode())


def written(fields: Iterable[str]) -> str:
    """Arguments, each with the pipe that ends it."""
    return "".join(f"{clean(field)}|" for field in fields)


def clean(field: str) -> str:
    """A value that cannot be taken for two: nothing on this wire can be escaped."""
    return field.translate(_SEPARATORS)


def serial(profile: Profile, msgid: str) -> str:
    """The hospital's serial: `yyyyMMddHHmmss-hospital-4 digits`."""
    number = msgid[-_NUMBER:]
    return f"{number[:-4]}-{profile.institution_code}-{number[-4:]}"


def msgid_of(serial: str) -> str:
    """The message id that is written so; "" for what is no serial."""
    parts = serial.split("-")
    if len(parts) != 3 or not (parts[0] + parts[2]).isdigit() or len(parts[0] + parts[2]) != _NUMBER:
        return ""
    return f"{parts[1]}{parts[0]}{parts[2]}"


def moment(time: datetime) -> str:
    """`yyyyMMddHHmmss` at the centre. Raises ValueError for a naive time."""
    return centre_time(time).strftime("%Y%m%d%H%M%S")
