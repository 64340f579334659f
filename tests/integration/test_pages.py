"""The patient page, step by step, without script."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.pages import words
from hospital.appointments import booking
from hospital.archives import filing
from hospital.models import Appointment, Patient
from hospital.notices import delivery
from insurance.models import Settlement, Trial
from insurance.quota import insurers
from insurance.settlement import collecting, steps
from insurance.states import SettlementState
from insurance.trial import admission, turns
from insurance.trial.later import Later
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("own_counters")
LANGUAGES = ("zh-hans", "en")
PASSWORD = "a-quiet-meadow-7"


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


def visitor(language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.cookies["django_language"] = language
    return client


def signed_in(patient: Patient, language: str = "en") -> Client:
    client = visitor(language)
    client.force_login(patient.user)
    return client


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def page(client: Client, appointment: Appointment) -> str:
    answer = client.get(f"/appointments/{appointment.pk}/")
    assert answer.status_code == 200
    return text(answer)


def step(html: str, key: str) -> str:
    """What is shown of one step."""
    found = re.search(rf'<li class="step [a-z]+" id="step-{key}".*?</li>', html)
    assert found, html
    return found.group()


def status(html: str, key: str) -> str:
    found = re.match(r'<li class="step ([a-z]+)"', step(html, key))
    assert found
    return found.group(1)


def press(client: Client, appointment: Appointment, way: str) -> Any:
    """Post the form of a step with what stands in it."""
    shown = page(client, appointment)
    form = next(one for one in re.findall(r"<form.*?</form>", shown) if f'value="{way}"' in one)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return client.post(f"/appointments/{appointment.pk}/settle/", fields), fields


def person() -> dict[str, str]:
    return {
        "name": "王小明",
        "id_number": factories.id_number(),
        "phone": "13800000000",
        "username": "wangxm",
        "password": PASSWORD,
    }


def test_the_front_page_tells_visitors_of_the_line(language: str) -> None:
    admission.enter(factories.told()[0])
    shown = text(visitor(language).get("/"))
    assert f'<html lang="{language}">' in shown and '<b class="figure">1</b>' in shown
    assert "100" in shown and "/sign-up/" in shown and "/sessions/" in shown


def test_no_page_loads_anything_from_elsewhere_or_has_inline_code(language: str) -> None:
    client = signed_in(factories.patient(), language)
    for path in ("/", "/sessions/", "/sign-in/", "/sign-up/", f"/sessions/{factories.session().pk}/"):
        answer = client.get(path, follow=path == "/sign-in/")
        shown = text(answer)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert not re.search(r"<style|<script(?! src=\"/static/)| style=| on[a-z]+=\"|https?://", shown), path


def test_who_signs_up_is_signed_in_and_a_patient(language: str) -> None:
    client = visitor(language)
    answer = client.post("/sign-up/", person())
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sessions/")
    assert Patient.objects.get().name == "王小明"
    assert "/sign-out/" in text(client.get("/"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id_number", "110101199001011234"),
        ("id_number", "1"),
        ("password", "12345678"),
        ("phone", "x"),
        ("username", "a b"),
    ],
)
def test_what_is_wrong_when_signing_up_is_said_at_the_field(field: str, value: str, language: str) -> None:
    answer = visitor(language).post("/sign-up/", person() | {field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text(answer) and 'role="alert"' in text(answer)
    assert PASSWORD not in text(answer) and not Patient.objects.exists()


def test_a_user_name_is_taken_once() -> None:
    visitor().post("/sign-up/", person())
    answer = visitor().post("/sign-up/", person())
    assert answer.status_code == 422 and "This user name is taken" in text(answer)


def test_signing_in_and_out(language: str) -> None:
    visitor().post("/sign-up/", person())
    client = visitor(language)
    assert client.get("/appointments/1/").headers["Location"].startswith("/sign-in/?next=")
    assert 'role="alert"' in text(client.post("/sign-in/", {"username": "wangxm", "password": "wrong"}))
    answer = client.post("/sign-in/", {"username": "wangxm", "password": PASSWORD, "next": "/sessions/"})
    assert answer.headers["Location"] == "/sessions/"
    client.post("/sign-out/")
    assert "/sign-in/" in text(client.get("/"))


def test_who_wanted_to_book_comes_back_to_the_session() -> None:
    session = factories.session()
    client = visitor()
    asked = client.get(f"/sessions/{session.pk}/", follow=True)
    found = re.search(r'href="(/sign-up/\?next=[^"]+)"', text(asked))
    assert found and f'name="next" value="/sessions/{session.pk}/"' in text(client.get(found.group(1)))
    answer = client.post("/sign-up/", person() | {"next": f"/sessions/{session.pk}/"})
    assert answer.headers["Location"] == f"/sessions/{session.pk}/"


def test_nobody_is_sent_elsewhere_after_signing_up() -> None:
    answer = visitor().post("/sign-up/", person() | {"next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/sessions/"


def test_one_is_never_sent_elsewhere_after_signing_in() -> None:
    visitor().post("/sign-up/", person())
    given = {"username": "wangxm", "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert visitor().post("/sign-in/", given).headers["Location"] == "/"


def test_guesses_at_a_password_are_held_back(settings: LazySettings) -> None:
    settings.RATE_LIMIT_PER_USERNAME = "1/m"
    client = visitor()
    given = {"username": "nobody", "password": "guess"}
    assert [client.post("/sign-in/", given).status_code for _ in range(2)] == [200, 429]


def test_the_language_is_switched_and_stays() -> None:
    client = Client()
    client.post("/language/", {"language": "en", "next": "/sessions/"})
    assert '<html lang="en">' in text(client.get("/sessions/"))
    client.post("/language/", {"language": "zh-hans", "next": "/sessions/"})
    assert '<html lang="zh-hans">' in text(client.get("/sessions/"))


def test_a_form_without_its_token_is_refused() -> None:
    patient = factories.patient()
    seat = factories.booked(who=patient)
    client = Client(enforce_csrf_checks=True)
    client.force_login(patient.user)
    for path in ("cancel", "trial", "settle", "give-up"):
        assert client.post(f"/appointments/{seat.pk}/{path}/").status_code == 403
    assert client.post("/sign-out/").status_code == 403
    seat.refresh_from_db()
    assert seat.state == "booked" and not Trial.objects.exists()


def test_only_sessions_with_a_free_seat_are_shown(language: str) -> None:
    free, full = factories.session(), factories.session(seats=1)
    factories.booked(full)
    shown = text(visitor(language).get("/sessions/"))
    assert f'href="/sessions/{free.pk}/"' in shown and f'href="/sessions/{full.pk}/"' not in shown
    other = factories.session()
    one_department = text(visitor(language).get(f"/sessions/?department={free.doctor.department.code}"))
    assert f'href="/sessions/{free.pk}/"' in one_department and f'href="/sessions/{other.pk}/"' not in one_department
    assert f'href="/sessions/{free.pk}/"' not in text(visitor().get("/sessions/?date=2001-01-01"))
    assert visitor().get("/sessions/?date=yesterday").status_code == 200


def test_a_seat_is_booked_with_the_own_identity_card_and_only_once(language: str) -> None:
    patient, session = factories.patient(), factories.session()
    client = signed_in(patient, language)
    shown = text(client.get(f"/sessions/{session.pk}/"))
    found = re.search(r'name="key" value="(\w+)"', shown)
    assert found and patient.id_number not in shown
    given = {"type": "02", "number": "", "key": found.group(1)}
    first, second = (client.post(f"/sessions/{session.pk}/", given) for _ in range(2))
    seat = Appointment.objects.get()
    assert seat.archive.card_number == patient.id_number
    assert first.headers["Location"] == second.headers["Location"] == f"/appointments/{seat.pk}/"
    assert f'href="/appointments/{seat.pk}/"' in text(client.get("/"))


def test_why_a_seat_is_not_booked_is_said_at_the_form() -> None:
    patient, session = factories.patient(), factories.session(seats=1)
    client = signed_in(patient)
    bad = client.post(f"/sessions/{session.pk}/", {"type": "03", "number": "!", "key": "a"})
    assert bad.status_code == 422 and "This card number cannot exist" in text(bad)
    factories.booked(session)
    full = client.post(f"/sessions/{session.pk}/", {"type": "02", "number": "", "key": "b"})
    assert full.status_code == 422 and "No seat is free in this session." in text(full)


def test_the_story_from_the_filing_queue_to_the_line(language: str) -> None:
    factories.booked()
    seat = factories.booked()
    client = signed_in(seat.patient, language)
    shown = page(client, seat)
    assert [status(shown, key) for key in ("booked", "filed", "told", "line")] == ["done", "now", "later", "later"]
    assert "1" in step(shown, "filed") and '<noscript><meta http-equiv="refresh" content="5"></noscript>' in shown
    filing.file_batch(10)
    assert status(page(client, seat), "told") == "now"
    delivery.send_due(10)
    shown = page(client, seat)
    assert [status(shown, key) for key in ("filed", "told", "line")] == ["done", "done", "now"]
    for _ in range(2):
        assert client.post(f"/appointments/{seat.pk}/trial/").status_code == 302
    assert Trial.objects.count() == 1 and status(page(client, seat), "line") == "now"


def test_the_place_in_the_line_is_shown() -> None:
    first, second = factories.told(2)
    for seat in (first, second):
        admission.enter(seat)
    shown = step(page(signed_in(second.patient), second), "line")
    assert "Ahead of you: 1" in shown and "Expected wait: less than a minute" in shown


def test_who_is_not_told_yet_reads_so_at_the_line() -> None:
    seat = factories.booked()
    answer = signed_in(seat.patient).post(f"/appointments/{seat.pk}/trial/", follow=True)
    assert "The record is not filed yet" in step(text(answer), "line") and not Trial.objects.exists()


def test_the_bill_adds_up_and_is_settled_and_paid(insurer: Simulator, payments: Simulator, language: str) -> None:
    trial = doing.priced(doing.somebody_who_pays_cash())
    seat, client = trial.appointment, signed_in(trial.appointment.patient, language)
    bill = step(page(client, seat), "bill")
    split, charges = bill.split("<details>")
    amounts = [float(one) for one in re.findall(r"<td>¥([0-9.]+)</td>", split)]
    assert re.findall(r"<td>¥([0-9.]+)</td>", charges) == ["4.00", "26.52"]
    assert amounts[0] == pytest.approx(sum(amounts[1:])) == pytest.approx(30.52)
    assert "data-seconds=" in bill and "<time" in bill
    answer, fields = press(client, seat, "insurance")
    assert client.post(f"/appointments/{seat.pk}/settle/", fields).status_code == answer.status_code == 302
    settlement = Settlement.objects.get()
    assert 'role="alert"' not in page(client, seat)  # the second click did no harm
    assert steps.settle_one()
    collecting.collect_due()
    settlement.refresh_from_db()
    assert settlement.payment is not None
    assert f'href="{settlement.payment.pay_url}"' in step(page(client, seat), "pay").replace("&amp;", "&")
    assert client.get(f"/appointments/{seat.pk}/receipt/").status_code == 404
    Settlement.objects.update(state="completed")
    shown = page(client, seat)
    assert {status(shown, key) for key in ("line", "bill", "pay", "complete")} == {"done"} and "refresh" not in shown
    receipt = text(client.get(f"/appointments/{seat.pk}/receipt/"))
    assert settlement.number in receipt and seat.patient.name in receipt
    assert seat.patient.id_number not in receipt and seat.patient.id_number[-4:] in receipt


def test_what_the_hospital_bears_is_part_of_the_bill(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    Trial.objects.update(total_fen=3052, fund_fen=2000, account_fen=0, cash_fen=1000, hospital_fen=52)
    seat, client = trial.appointment, signed_in(trial.appointment.patient)
    assert "Borne by the hospital</th><td>¥0.52" in step(page(client, seat), "bill")
    press(client, seat, "insurance")
    assert "Borne by the hospital</th><td>¥0.52" in step(page(client, seat), "bill")


def test_everything_is_paid_by_oneself(insurer: Simulator, payments: Simulator) -> None:
    trial = doing.priced(factories.patient())
    press(signed_in(trial.appointment.patient), trial.appointment, "self_pay")
    assert Settlement.objects.get().mode == "self_pay"


def test_what_the_insurer_refuses_may_be_paid_by_oneself(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "refuse", "message": "未参保"})
    trial = admission.enter(factories.told()[0])
    turns.take_one()
    client = signed_in(trial.appointment.patient)
    shown = page(client, trial.appointment)
    assert "未参保" in step(shown, "line") and "30.52" in step(shown, "bill")
    press(client, trial.appointment, "self_pay")
    assert Settlement.objects.get().total_fen == doing.TOTAL_FEN


def test_a_claim_is_offered_only_while_the_interface_is_closed() -> None:
    seat = factories.told()[0]
    admission.enter(seat)
    client = signed_in(seat.patient)
    assert "claim_later" not in page(client, seat)
    insurers.pause(insurers.default(), who=None, why="a test")
    assert "The line stands still: paused by staff" in page(client, seat)
    press(client, seat, "claim_later")
    assert Settlement.objects.get().claim_later


def test_a_settlement_is_given_up_after_a_second_question(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    settlement = doing.opened(trial)
    seat, client = trial.appointment, signed_in(trial.appointment.patient)
    path = f"/appointments/{seat.pk}/give-up/"
    assert path in step(page(client, seat), "pay")
    assert client.get(path).status_code == 200 and doing.state_of(settlement) == "waiting"
    for _ in range(2):
        client.post(path)
    assert doing.state_of(settlement) == "reversed" and status(page(client, seat), "line") == "now"


def test_an_appointment_is_cancelled_after_a_second_question(language: str) -> None:
    seat = factories.told()[0]
    client = signed_in(seat.patient, language)
    path = f"/appointments/{seat.pk}/cancel/"
    assert path in page(client, seat) and client.get(path).status_code == 200
    assert doing.state_of(seat) == "booked"
    assert [client.post(path).status_code for _ in range(2)] == [302, 302]
    shown = page(client, seat)
    assert doing.state_of(seat) == "cancelled" and 'id="cancelled"' in shown and "refresh" not in shown


def test_while_money_moves_nothing_is_cancelled(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    doing.opened(trial)
    client = signed_in(trial.appointment.patient)
    answer = client.post(f"/appointments/{trial.appointment_id}/cancel/", follow=True)
    assert "The settlement of this appointment is under way." in step(text(answer), "booked")


def test_other_peoples_appointments_are_not_there() -> None:
    seat, client = factories.told()[0], signed_in(factories.patient())
    for path in ("", "story/", "cancel/", "give-up/", "receipt/"):
        answer = client.get(f"/appointments/{seat.pk}/{path}")
        assert answer.status_code == 404 and seat.patient.name not in text(answer)
    for path in ("trial/", "settle/", "cancel/", "give-up/"):
        assert client.post(f"/appointments/{seat.pk}/{path}", {"way": "insurance"}).status_code == 404
    assert doing.state_of(seat) == "booked" and not Trial.objects.exists()


def test_another_persons_bill_is_not_settled(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    own = factories.told()[0]
    given = {"way": "insurance", "trial": trial.pk, "key": "k"}
    answer = signed_in(own.patient).post(f"/appointments/{own.pk}/settle/", given)
    assert answer.status_code == 302 and not Settlement.objects.exists()


def test_staff_have_no_patient_page() -> None:
    seat = factories.booked()
    client = visitor()
    client.force_login(get_user_model().objects.create(username="clerk", is_staff=True))
    assert client.get(f"/appointments/{seat.pk}/").status_code == 403
    assert client.get("/").status_code == 200


def test_what_is_shown_already_is_not_sent_again() -> None:
    seat = factories.told()[0]
    client = signed_in(seat.patient)
    first = client.get(f"/appointments/{seat.pk}/story/")
    assert first.status_code == 200 and "private" in first.headers["Cache-Control"]
    same = client.get(f"/appointments/{seat.pk}/story/", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["X-Poll-After"] == first.headers["X-Poll-After"] == "15"
    admission.enter(seat)
    other = client.get(f"/appointments/{seat.pk}/story/", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200 and other.headers["ETag"] != first.headers["ETag"]


def test_whoever_waits_in_a_long_line_costs_little_to_look(settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 1
    seats = factories.told(4)
    for seat in seats:
        admission.enter(seat)
    client, path = signed_in(seats[-1].patient), f"/appointments/{seats[-1].pk}/story/"
    first = client.get(path)
    assert "Ahead of you: 3" in step(text(first), "line") and "30.52" not in text(first)

    def again() -> Any:
        return client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    with CaptureQueriesContext(connection) as asked:
        assert again().status_code == 304
    assert len(asked) <= 16  # the whole story: 21 and more
    assert int(again().headers["X-Poll-After"]) > 15
    insurers.pause(insurers.default(), who=None, why="a test")
    assert "The line stands still" in text(again())
    insurers.resume(insurers.default(), who=None, why="a test")
    booking.cancel(seats[0])
    assert "Ahead of you: 2" in text(again())
    booking.cancel(seats[-1])
    assert 'id="cancelled"' in text(again())


def test_every_state_and_every_delay_has_words() -> None:
    assert set(words.SETTLING) == set(SettlementState) and set(words.LATER) == set(Later)


def test_what_the_pages_load_is_served_by_us() -> None:
    for path in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text(visitor().get("/")))):
        assert visitor().get(path).status_code == 200, path


def test_a_page_holds_no_number_of_the_patient() -> None:
    seat = factories.told()[0]
    shown = page(signed_in(seat.patient), seat)
    assert seat.patient.id_number not in shown and seat.patient.phone not in shown
