"""What may be shown of a message of the mobile payment centre: which order it is and what it came to. Its tokens are
shown to nobody."""

from functools import partial

from insurance.interface.masking import HARMLESS, named

_ORDERS = frozenset(
    (
        *("orgCodg", "medOrgOrd", "payOrdId", "orgBizSer", "ordStas", "refdType", "refStatus", "refdSn", "feeType"),
        *("mdtrtId", "hiRgstSn", "hiDocSn", "hiChrgTime", "setlType", "callType", "medType", "acctUsedFlag"),
        *("feedetlSn", "medListCodg", "medinsListCodg", "insuCode", "caty"),
        *("feeSumamt", "ownPayAmt", "psnAcctPay", "fundPay", "medfeeSumamt", "detItemFeeSumamt"),
    )
)

masked = partial(named, harmless=HARMLESS | _ORDERS)
