"""Sichuan (Ziyang): one URL without a gateway, A-forms. Source: SC (protocol 2 row 5, 2.6)."""

from typing import Any

HABITS: dict[str, Any] = {"path": "/mss/web/api/fsi/callService"}
