"""Online payment at the mobile payment centre (6201-6401, protocol 3.15); docs/mobile.md says what is our reading.

A trial opens an order there (6201), a settlement pays the insurance's part of it (6202), 6301 says what became of it,
6203 takes it back and 6401 gives up what nobody paid. The person, the visit and the day's totals are the common
interface's, as in the national dialect.
"""

from insurance.interface.dialects.mobile import bills, callbacks, masking, orders
from insurance.interface.dialects.mobile.local import DEFAULTS
from insurance.interface.dialects.national import persons, statements, visits
from insurance.interface.exchange import Dialect

DIALECT = Dialect(
    sign_in=persons.SIGN_IN,
    sign_out=persons.SIGN_OUT,
    person=persons.PERSON,
    register=visits.REGISTER,
    cancel_registration=visits.CANCEL_REGISTRATION,
    find_visits=visits.FIND_VISITS,
    withdraw_charges=orders.GIVE_UP,
    trial=orders.OPEN,
    order_bill=bills.ORDER_BILL,
    settle=bills.PAY,
    cancel=bills.REFUND,
    query=bills.QUERY,
    by_message=bills.BY_MESSAGE,
    report_self_pay=statements.REPORT_SELF_PAY,
    day_totals=statements.DAY_TOTALS,
    order_news=callbacks.read,
    masked=masking.masked,
    defaults=DEFAULTS,
)
