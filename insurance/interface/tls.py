"""Mutual TLS: whom we believe to be the insurer, and how we prove who we are."""

import ssl
from collections.abc import Iterator

_OURS_IS_REFUSED = ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE")  # the last is what TLS 1.2 says where none came


def context(ca: str = "", certificate: str = "", key: str = "") -> ssl.SSLContext:
    """From PEM files. `ca`: only what it has signed is believed ("": what the system believes). `certificate` with its
    `key` is shown to an insurer that asks for it.

    Raises OSError for a file that is not there or not PEM.
    """
    made = ssl.create_default_context(cafile=ca or None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        made.load_cert_chain(certificate, key or None)
    return made


def refusal(error: BaseException) -> str:
    """Which of the two certificates was not accepted; "" when it was neither.

    Either is said in the handshake, and no server reads a message before its own is over: so nothing was carried out,
    even where TLS 1.3 lets the client send before it learns of it. We never agree to be asked later on.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the insurer's certificate is not believed ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError) and _is_about_ours(cause.reason or ""):
            return f"the insurer does not accept our certificate, or there is none ({cause.reason})"
    return ""


def _is_about_ours(reason: str) -> bool:
    return "ALERT" in reason and any(word in reason for word in _OURS_IS_REFUSED)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
