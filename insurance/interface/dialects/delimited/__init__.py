"""The older dialect: one line, carets between its parts and pipes between its arguments (protocol 6.1).

`业务编号^医疗机构编号^操作员编号^业务周期号^医院交易流水号^中心编码^入参^联机标志^`

Everything stands at a place and nothing has a type. There is no reversal, no search, no file and no report of self-pay:
the visit bears our own number, a settlement is known by its bill and by the hospital's serial, which is our message id,
and totals are those of a whole day's cycle.
"""

from insurance.interface.dialects.delimited import bills, charges, cycles, local, masking, visits
from insurance.interface.exchange import Dialect

DIALECT = Dialect(
    person=visits.PERSON,
    register=visits.REGISTER,
    cancel_registration=visits.CANCEL_REGISTRATION,
    upload_charges=charges.UPLOAD_CHARGES,
    withdraw_charges=charges.WITHDRAW_CHARGES,
    trial=bills.TRIAL,
    settle=bills.SETTLE,
    cancel=bills.CANCEL,
    query=bills.QUERY,
    by_message=bills.BY_MESSAGE,
    day_totals=cycles.DAY_TOTALS,
    sign_in=cycles.SIGN_IN,
    sign_out=cycles.SIGN_OUT,
    signs_in=True,
    one_total=True,
    defaults=local.DEFAULTS,
    masked=masking.masked,
)
