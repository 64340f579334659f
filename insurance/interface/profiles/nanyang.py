"""Nanyang (Henan): one URL without a gateway, SM3 named in the envelope. Source: NY (protocol 2 row 4), its sample."""

from typing import Any

from insurance.interface.profile import Operation

HABITS: dict[str, Any] = {
    "path": "/hss-call-service-interface",
    "recer_sys_code": "HIS",
    "infver": "1.0",
    "signtype": "SM3",
    "dev_no": None,
    "infnos": {Operation.TRIAL: "2206", Operation.SETTLE: "2207"},
    "signs_in": True,
}
