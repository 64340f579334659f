"""One patient's way through the API, as data: the examples of the schema. The person does not exist."""

from typing import Any

ID_NUMBER = "110101199003070011"
ACCESS = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl"
REFRESH = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"
REQUEST_ID = "5f0c1e9a7d2b4c63a8e1f04b9d7c2a36"
FOLLOW_URL = "https://hospital.example/follow/Zm9sbG93LW1lLW5vdC1teS1oZWFsdGg/"
Example = dict[str, Any]

ACCOUNT: Example = {
    "username": "zhang.san",
    "password": "wo-de-mi-ma-2026",
    "name": "张三",
    "id_number": ID_NUMBER,
    "phone": "13800000000",
}
EXPORT: Example = {
    "format": "hospital-line export 1",
    "made_at": "2026-11-24T09:40:00+08:00",
    "account": {"username": "zhang.san", "date_joined": "2026-11-24T09:10:00+08:00", "last_login": None},
    "patient": {"id": 96, "user_id": 97, "name": "张三", "id_number": ID_NUMBER, "phone": "13800000000"},
    "master_records": [],
    "appointments": [],
    "requests": [],
    "accesses": [{"at": "2026-11-24T09:40:00+08:00", "what": "exported"}],
}
PAIR: Example = {"access": ACCESS, "refresh": REFRESH}
SESSION: Example = {
    "id": 31,
    "department": "心血管内科",
    "department_code": "0301",
    "doctor": "张医生",
    "doctor_code": "D0001",
    "starts_at": "2026-11-24T14:00:00+08:00",
    "ends_at": "2026-11-24T18:00:00+08:00",
    "capacity": 100,
    "free": 42,
}
BOOKING: Example = {"session": 31, "insurance_card": {"type": "02", "number": ID_NUMBER, "region": "430100"}}
BOOKED: Example = {"id": 1042, "state": "booked", "archive": {"state": "queued", "ahead": 17}}
APPOINTMENT_LINE: Example = {
    "id": 1042,
    "state": "booked",
    "session": SESSION,
    "created_at": "2026-11-24T09:12:30.114000+08:00",
}
_FEES = (
    ("001101000010000-11010000101", "REG01", "挂号费", "4.000000", 400),
    ("001102000010000-11020000101", "CON01", "互联网复诊诊查费", "26.520000", 2652),
)
CHARGES: list[Example] = [
    {
        "med_list_codg": national,
        "medins_list_codg": own,
        "name": name,
        "quantity": "1.0000",
        "unit_price": price,
        "amount_fen": fen,
    }
    for national, own, name, price, fen in _FEES
]
CHARGES_INPUT: Example = {
    "charges": [{name: value for name, value in line.items() if name != "amount_fen"} for line in CHARGES]
}
NOTICE: Example = {
    "id": 2210,
    "kind": "filed",
    "appointment": 1042,
    "title": "您的档案已建立",
    "text": "档案号 2026112400001042。现在可以申请医保试算。",
    "sent_at": "2026-11-24T09:12:36.020000+08:00",
}
TRIAL: Example = {
    "id": 388,
    "appointment": 1042,
    "state": "waiting",
    "held_back": True,
    "ahead": 230,
    "eta_seconds": 139,
    "eta_low_seconds": 131,
    "eta_high_seconds": 158,
    "poll_after_seconds": 20,
}
PRICED: Example = {
    "id": 388,
    "appointment": 1042,
    "state": "priced",
    "held_back": True,
    "total_fen": 3052,
    "fund_fen": 1836,
    "account_fen": 0,
    "cash_fen": 1216,
    "hospital_fen": 0,
    "valid_until": "2026-11-24T09:45:10+08:00",
}
OPENED: Example = {"id": 207, "state": "waiting"}
SETTLEMENT: Example = {
    "id": 207,
    "trial": 388,
    "appointment": 1042,
    "mode": "insurance",
    "state": "paying",
    "total_fen": 3052,
    "fund_fen": 1836,
    "account_fen": 0,
    "cash_fen": 1216,
    "payment": {
        "url": "https://pay.example/orders/S000000000207",
        "expires_at": "2026-11-24T09:31:02.500000+08:00",
    },
    "poll_after_seconds": 1,
}
CREDENTIAL = "the-code-of-the-credential"
SETTLEMENT_IN_LINE: Example = {
    **{name: value for name, value in SETTLEMENT.items() if name != "payment"},
    "state": "waiting",
    "credential": {"good_until": "2026-11-24T09:31:02.500000+08:00", "wanted": False},
}
APPOINTMENT: Example = APPOINTMENT_LINE | {
    "archive": {"state": "filed", "ahead": 0, "number": "2026112400001042", "told": True, "rejection": None},
    "notices": [NOTICE],
    "charges": CHARGES,
    "trials": [PRICED | {"state": "accepted"}],
    "settlements": [SETTLEMENT],
}
_STAND: Example = {
    "waiting": 230,
    "per_minute": 100,
    "eta_seconds": 139,
    "eta_low_seconds": 131,
    "eta_high_seconds": 158,
    "open": True,
    "closed_because": None,
}
LINE: Example = {
    **_STAND,
    "insurers": [
        {"insurer": "default", **_STAND},
        {"insurer": "changsha", **_STAND, "waiting": 12, "open": True, "closed_because": "maintenance"},
    ],
}
CALLBACK: Example = {
    "order_no": "S000000000207",
    "state": "paid",
    "amount_fen": 1216,
    "transaction_no": "P2026112400000207",
}
ORDER_NEWS: Example = {
    "payOrdId": "ORD330100202611240000000000207",
    "ordStas": "4",
}
EVENT: Example = {
    "id": 2231,
    "event": "settlement.completed",
    "kind": "completed",
    "appointment": 1042,
    "patient": 96,
    "settlement": 207,
    "title": "全部结算完成",
    "created_at": "2026-11-24T09:21:44.310000+08:00",
}
