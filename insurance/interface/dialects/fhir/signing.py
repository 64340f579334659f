"""FHIR has no sign-in: whoever asks is known by TLS or by the gateway's headers. For now both are refused here."""

from datetime import datetime

from insurance.interface.errors import NotSent
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.profile import Operation, Profile


def _encode(profile: Profile, msgid: str, now: datetime, question: None) -> Request:
    raise NotSent("FHIR has no sign-in")


def _in(question: None, reply: Reply) -> str:
    raise NotSent("FHIR has no sign-in")


def _out(question: None, reply: Reply) -> None:
    raise NotSent("FHIR has no sign-in")


SIGN_IN: Exchange[None, str] = Exchange(Operation.SIGN_IN, _encode, _in)
SIGN_OUT: Exchange[None, None] = Exchange(Operation.SIGN_OUT, _encode, _out)
