"""Guangdong: TIF, a path for each number, plain forms, 2207 under `mdtrtinfo`. Source: GD (protocol 2 row 2, 2.5, 2.6).

The address ends with the organisation's part, `https://host/ebus/<org>`. What 2207 takes besides (`mdtrt_mode`,
`order_no`, …) differs from site to site: `constants`.
"""

from typing import Any

from insurance.interface.profile import Operation

HABITS: dict[str, Any] = {
    "gateway": "tif",
    "path": "/poc-hsa-hgs-{infno}",
    "security": "sm3-input",
    "infnos": {Operation.UPLOAD_VISIT: "2203", Operation.TRIAL: "2206", Operation.SETTLE: "2207"},
    "nodes": {Operation.SETTLE: {"data": "mdtrtinfo"}},
    "signs_in": True,
    "fresh_credential_seconds": 60,  # how long a code is good no source says; ask the site
}
