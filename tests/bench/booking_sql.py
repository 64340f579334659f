"""What a booking must write, for pgbench: seat, appointment, two charges, archive, two journal rows; one transaction.

The variables: `first_patient`, `patients`, `first_session`, `sessions`, `clients`. Who books where goes round as in
`booking.py`. The patient's ciphertext is copied as it is: the floor encrypts nothing.
"""

SCRIPT = r"""
\set number :n * :clients + :client_id
\set n :n + 1
\set patient :first_patient + :number % :patients
\set session :first_session + (:number + :number / :patients) % :sessions
BEGIN;
UPDATE hospital_session SET free = free - 1 WHERE id = :session AND free > 0 AND ends_at > now();
INSERT INTO hospital_appointment (patient_id, session_id, state, attempt)
     VALUES (:patient, :session, 'booked', 0) RETURNING id AS appointment \gset
INSERT INTO hospital_journal (kind, item_id, from_state, to_state, attempt, reason)
     VALUES ('appointment', :appointment, '', 'booked', 0, '');
INSERT INTO hospital_charge (appointment_id, med_list_codg, medins_list_codg, name, quantity, unit_price, amount_fen,
                             occurred_at)
     VALUES (:appointment, '001100', 'H0', 'item 0', 1, 4, 400, now()),
            (:appointment, '001101', 'H1', 'item 1', 1, 26.52, 2652, now());
INSERT INTO hospital_archive (appointment_id, state, attempt, last_error, name, id_number, id_index, phone, card_type,
                              card_number, card_index, rejection)
     SELECT :appointment, 'queued', 0, '', name, id_number, repeat('0', 64), phone, '02', id_number, repeat('0', 64), ''
       FROM hospital_patient WHERE id = :patient RETURNING id AS archive \gset
INSERT INTO hospital_journal (kind, item_id, from_state, to_state, attempt, reason)
     VALUES ('archive', :archive, '', 'queued', 0, '');
COMMIT;
"""
