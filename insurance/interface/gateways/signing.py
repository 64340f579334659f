"""What a signature is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from insurance.interface.exchange import Request


@dataclass(frozen=True, slots=True)
class Key:
    """Who we are at the gateway (access key, paasid, x-ca-key) and the secret that proves it."""

    name: str
    secret: str = field(repr=False)


Sign = Callable[[Request, Key, float], Mapping[str, str]]
"""sign(request, key, now): the headers to add. `now` in Unix seconds, by the gateway's clock as far as it is known."""
