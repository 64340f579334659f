"""Hunan: CSB with one URL, plain forms, the person's certificate with each step. Source: H (protocol 2 row 1, 2.6)."""

from typing import Any

from insurance.interface.profile import Operation

HABITS: dict[str, Any] = {
    "gateway": "csb",
    "path": "/fsi/api/rsfComIfsService/callService",
    "recer_sys_code": "99",
    "infver": "1.0.0",
    "signtype": "SM2",
    "infnos": {Operation.UPLOAD_VISIT: "2203", Operation.TRIAL: "2206", Operation.SETTLE: "2207"},
    "person_fields": True,
}
