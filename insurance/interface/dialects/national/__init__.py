"""The national dialect: JSON over HTTP as the HSAF specification has it; regional habits are data in the Profile."""

from insurance.interface.dialects.national import bills, charges, persons, statements, transfers, visits
from insurance.interface.exchange import Dialect
from insurance.interface.masking import named

DIALECT = Dialect(
    sign_in=persons.SIGN_IN,
    sign_out=persons.SIGN_OUT,
    person=persons.PERSON,
    register=visits.REGISTER,
    cancel_registration=visits.CANCEL_REGISTRATION,
    upload_visit=visits.UPLOAD_VISIT,
    upload_charges=charges.UPLOAD_CHARGES,
    withdraw_charges=charges.WITHDRAW_CHARGES,
    trial=bills.TRIAL,
    settle=bills.SETTLE,
    cancel=bills.CANCEL,
    reverse=bills.REVERSE,
    find_visits=visits.FIND_VISITS,
    query=bills.QUERY,
    settled_ids=charges.SETTLED_IDS,
    report_self_pay=statements.REPORT_SELF_PAY,
    day_totals=statements.DAY_TOTALS,
    day_details=statements.DAY_DETAILS,
    upload=transfers.UPLOAD,
    download=transfers.DOWNLOAD,
    masked=named,
)
