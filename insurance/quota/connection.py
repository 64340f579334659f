"""How an insurer is spoken to, from what is agreed: through its gateway, in its dialect as it is spoken there."""

from urllib.parse import urlsplit

from hospital import outbound
from insurance.interface import dialects, gateways, security, tls
from insurance.interface.exchange import Dialect
from insurance.interface.lines import SCHEME, LineTransport
from insurance.interface.transport import HttpTransport, Transport
from insurance.quota import access
from insurance.quota.directory import Terms


def transport(terms: Terms) -> Transport:
    """Over its line, or with TLS as it is agreed, and signed for its gateway if there is one.

    Raises ValueError, OSError.
    """
    profile = terms.profile()
    if urlsplit(profile.base_url).scheme == SCHEME:
        return LineTransport(profile, outbound.partners())
    wire = HttpTransport(profile, tls.context(**terms.tls) if terms.tls else True, outbound.partners())
    if not profile.gateway:
        return wire
    return gateways.through(profile.gateway, wire, access.gateway_keys(terms.keys, terms.institution_code))


def dialect(terms: Terms) -> Dialect:
    """With the local names, encrypted and signed as it is agreed. Raises ValueError."""
    secrets = {name: access.resolved(terms.keys[name]) for name in ("sm2_private", "sm4") if name in terms.keys}
    keys = security.Keys(**secrets, sm2_centre=terms.keys.get("sm2_centre", ""))
    return security.spoken(dialects.load(terms.dialect), terms.profile(), keys)
