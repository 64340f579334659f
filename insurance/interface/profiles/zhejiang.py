"""Zhejiang: a URL for each service, HMAC-SM3, A-forms. Source: ZJ (protocol 2 row 3, 2.6), its samples."""

from typing import Any

HABITS: dict[str, Any] = {
    "gateway": "hmac-sm3",
    "recer_sys_code": "FSI_LOCAL",
    "infver": "1.0",
    "signs_in": True,
    "single_objects": True,
    "visit_days": True,
    "stmt_end_of_day": True,
}
