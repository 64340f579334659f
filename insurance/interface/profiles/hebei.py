"""Hebei: RIO before the national paths; 2203A, plain 2206 and 2207. Source: OH (protocol 2 row 2 and paths, 2.6).

The address ends with `https://host/ebus/rio_fsi`.
"""

from typing import Any

from insurance.interface.profile import Operation

HABITS: dict[str, Any] = {
    "gateway": "tif",
    "infnos": {Operation.TRIAL: "2206", Operation.SETTLE: "2207"},
    "paths": {
        Operation.TRIAL: "/fsi/api/outpatientSettleService/preSettletment",
        Operation.SETTLE: "/fsi/api/outpatientSettleService/saveSettletmentV2",
        Operation.DAY_TOTALS: "/fsi/api/ybSettlementStmtService/stmtTotal",
    },
    "signs_in": True,
}
