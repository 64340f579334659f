"""What `cainfo` is, region by region. Source: protocol 2.5; what it leaves open is marked [inf] in docs/profiles.md."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rule:
    """How a message is vouched for: an SM3 digest or an SM2 signature, of the `input` or of the rest of the envelope.

    Only a signature proves anything, so only a signature is asked of a reply.
    """

    signtype: str = ""
    is_signature: bool = False
    of_envelope: bool = False


RULES: dict[str, Rule] = {
    "sm3-input": Rule("SM3"),  # GD
    "sm2-input": Rule("SM2", is_signature=True),  # JL
    "sm2-envelope": Rule("SM2", is_signature=True, of_envelope=True),  # YB
}


@dataclass(frozen=True, slots=True)
class Keys:
    """`sm2_private` is ours, 64 hexadecimal digits; `sm2_centre` the centre's public key, 128 (a leading 04 may stand
    before them); `sm4` is shared: 32 hexadecimal digits, or 16 characters as they are."""

    sm2_private: str = field(default="", repr=False)
    sm2_centre: str = ""
    sm4: str = field(default="", repr=False)
