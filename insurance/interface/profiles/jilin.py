"""Jilin: output encrypted with SM4, cainfo an SM2 signature. Source: JL (protocol 1.1, 1.2, 2.5)."""

from typing import Any

HABITS: dict[str, Any] = {"security": "sm2-input", "encrypts": True}
