"""What a Profile holds in this dialect unless an insurer's habits say otherwise."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from insurance.interface.errors import Refusal
from insurance.interface.profile import Operation

NUMBERS: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.SIGN_IN: "9100",
        Operation.SIGN_OUT: "9110",
        Operation.PERSON: "2100",
        Operation.REGISTER: "2210",
        Operation.CANCEL_REGISTRATION: "2240",
        Operation.UPLOAD_CHARGES: "2310",
        Operation.WITHDRAW_CHARGES: "2320",
        Operation.TRIAL: "2420",
        Operation.SETTLE: "2410",
        Operation.CANCEL: "2430",
        Operation.QUERY: "1101",
        Operation.DAY_TOTALS: "1110",
    }
)

# Only the first text is recorded (tests/samples); the others are the wording of our simulated centre until a local
# centre's are known, and are then said as `refusals` of the profile.
REFUSALS: Mapping[Operation, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        Operation.SETTLE: {Refusal.ALREADY_SETTLED: ("已结算", "重复结算")},
        Operation.CANCEL: {
            Refusal.ALREADY_REVERSED: ("已撤销",),
            Refusal.NO_SUCH_SETTLEMENT: ("未查询到结算信息",),
            Refusal.NO_SUCH_VISIT: ("未登记",),
        },
        Operation.QUERY: {
            Refusal.NO_SUCH_SETTLEMENT: ("未查询到结算信息",),
            Refusal.NO_SUCH_VISIT: ("未登记",),
        },
        Operation.CANCEL_REGISTRATION: {Refusal.NO_SUCH_VISIT: ("未登记",)},
    }
)

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "infnos": NUMBERS,
        "refusals": REFUSALS,
        "path": "/eapdomain/SiInterfaceAction.do",
        "charset": "gb18030",
        "recer_sys_code": "NEW",
    }
)
