"""The gateways before a centre, by name: each signs what leaves and reads how it refuses. Source: protocol 2.

A new one is a module with a pure function that makes the headers, and a line here.
"""

from collections.abc import Sequence

from insurance.interface.gateways import csb, hmac_sm3, tif
from insurance.interface.gateways.gateway import Gateway
from insurance.interface.gateways.signing import Key, Sign
from insurance.interface.transport import Transport

__all__ = ["GATEWAYS", "Gateway", "Key", "through"]

GATEWAYS: dict[str, Sign] = {
    "csb": csb.milliseconds,  # Hunan, Jiangxi, Suqian
    "csb-seconds": csb.seconds,  # elsewhere in Jiangsu
    "tif": tif.sign,  # Guangdong, Hebei
    "hmac-sm3": hmac_sm3.sign,  # Zhejiang
}


def through(name: str, transport: Transport, keys: Sequence[Key]) -> Transport:
    """The transport, through the gateway of that name ("": there is none, as in Nanyang or Sichuan).

    `keys`: the current one, then the next. Raises ValueError for a name that is not in GATEWAYS, and for no key.
    """
    if not name:
        return transport
    if name not in GATEWAYS:
        raise ValueError(f"no gateway {name!r}; known: {', '.join(sorted(GATEWAYS))}")
    return Gateway(transport, GATEWAYS[name], keys)
