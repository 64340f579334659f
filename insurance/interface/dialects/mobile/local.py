"""What a Profile holds in this dialect unless an insurer's habits say otherwise."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from insurance.interface.errors import Refusal
from insurance.interface.profile import NATIONAL_REFUSALS, Operation

NUMBERS: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.UPLOAD_CHARGES: "6201",  # the lines go along with the trial
        Operation.TRIAL: "6201",
        Operation.SETTLE: "6202",
        Operation.CANCEL: "6203",
        Operation.QUERY: "6301",
        Operation.WITHDRAW_CHARGES: "6401",
    }
)

# As public clients of the centre in Shanxi and of a hospital system in Hainan call them.
PATHS: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.UPLOAD_CHARGES: "/org/local/api/hos/uldFeeInfo",
        Operation.TRIAL: "/org/local/api/hos/uldFeeInfo",
        Operation.SETTLE: "/org/local/api/hos/pay_order",
        Operation.CANCEL: "/org/local/api/hos/refund_Order",
        Operation.QUERY: "/org/local/api/hos/query_order_info",
        Operation.WITHDRAW_CHARGES: "/org/local/api/hos/revoke_order",
    }
)

# No text of the centre's is recorded: these are the wording of our simulated one until a local centre's are known.
REFUSALS: Mapping[Operation, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **NATIONAL_REFUSALS,
        Operation.SETTLE: {Refusal.ALREADY_SETTLED: ("订单已支付",)},
        Operation.CANCEL: {
            Refusal.ALREADY_REVERSED: ("订单已退费",),
            Refusal.NO_SUCH_SETTLEMENT: ("订单未支付", "未查询到订单"),
        },
        Operation.QUERY: {Refusal.NO_SUCH_SETTLEMENT: ("未查询到订单",)},
    }
)

DEFAULTS: Mapping[str, Any] = MappingProxyType({"infnos": NUMBERS, "paths": PATHS, "refusals": REFUSALS})
