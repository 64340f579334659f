"""The pay page the patient sees (zh)."""

from html import escape

from insurance.simulator.payments.orders import CANCELLED, EXPIRED, OPEN, PAID, REFUNDED, Order

STATE_TEXT = {OPEN: "待支付", PAID: "已支付", EXPIRED: "已过期", CANCELLED: "已取消", REFUNDED: "已退款"}
BUTTON = '<form method="post"><button type="submit">确认支付</button></form>'
PAGE = """<!doctype html>
<html lang="zh-Hans">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>模拟支付</title></head>
<body>
<h1>模拟支付</h1>
<p>{subject}</p>
<p>订单号 {order_no}</p>
<p>金额 ¥{yuan}.{cents:02d}</p>
<p>状态 <strong>{state}</strong></p>
{button}
</body>
</html>
"""


def page(order: Order) -> bytes:
    whole, cents = divmod(order.amount_fen, 100)
    return PAGE.format(
        subject=escape(order.subject),
        order_no=escape(order.order_no),
        yuan=whole,
        cents=cents,
        state=STATE_TEXT[order.state],
        button=BUTTON if order.state == OPEN else "",
    ).encode()
