"""FHIR R4 over HTTP: an insurer that speaks HL7's financial resources. The mapping is docs/fhir.md; source: protocol 7.

`INSURANCE_URL` is the insurer's FHIR base. The transaction numbers (infno) are names in our journal, and are not sent.
"""

from insurance.interface.dialects.fhir import bills, charges, masking, persons, reversals, statements, transfers, visits
from insurance.interface.exchange import Dialect

DIALECT = Dialect(
    person=persons.PERSON,
    register=visits.REGISTER,
    cancel_registration=visits.CANCEL_REGISTRATION,
    upload_visit=visits.UPLOAD_VISIT,
    upload_charges=charges.UPLOAD_CHARGES,
    withdraw_charges=charges.WITHDRAW_CHARGES,
    trial=bills.TRY,
    settle=bills.SETTLE,
    cancel=bills.CANCEL,
    reverse=reversals.REVERSE,
    find_visits=visits.FIND_VISITS,
    query=bills.QUERY,
    settled_ids=bills.SETTLED_IDS,
    report_self_pay=statements.REPORT_SELF_PAY,
    day_totals=statements.DAY_TOTALS,
    day_details=statements.DAY_DETAILS,
    upload=transfers.UPLOAD,
    download=transfers.DOWNLOAD,
    masked=masking.masked,
)
