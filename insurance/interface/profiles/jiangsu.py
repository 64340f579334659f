"""Jiangsu: CSB with a time in seconds, one URL, 2203A but plain 2206 and 2207; 2205 before every 2204.

Source: JS (protocol 1.1, 2 row 1, 2.6, 3.6). Suqian signs with milliseconds: there say `"gateway": "csb"`.
"""

from typing import Any

from insurance.interface.profile import Operation

HABITS: dict[str, Any] = {
    "gateway": "csb-seconds",
    "path": "/fsi/api/rsfComIfsService/callService",
    "infnos": {Operation.TRIAL: "2206", Operation.SETTLE: "2207"},
    "envelope": {"enc_type": "", "fixmedins_soft_fcty": ""},
    "signs_in": True,
    "withdraws_first": True,
}
