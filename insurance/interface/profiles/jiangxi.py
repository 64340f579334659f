"""Jiangxi: CSB with one URL. No source tells of its forms: the national ones. Source: JX (protocol 2 row 1)."""

from typing import Any

HABITS: dict[str, Any] = {
    "gateway": "csb",
    "path": "/fsi/api/rsfComIfsService/callService",
}
