"""The link for the family: what it shows, who makes it, and when it ends."""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.test import Client

from hospital.appointments import booking, following
from hospital.models import Appointment, Department, Doctor, FollowLink, Session
from insurance.trial import admission
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("own_counters")


@pytest.fixture
def seat() -> Appointment:
    """Of somebody who waits behind another."""
    first, second = factories.told(2)
    for one in (first, second):
        admission.enter(one)
    return second


def path_of(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


def api_path(seat: Appointment) -> str:
    return f"{doing.API}/appointments/{seat.pk}/follow-link/"


def made(seat: Appointment) -> str:
    """The path of a new link, by the API."""
    answer = doing.speaking_as(seat.patient).post(api_path(seat))
    assert answer.status_code == 201
    return path_of(answer.json()["url"])


def test_whoever_has_the_link_sees_the_place_and_nothing_else(seat: Appointment) -> None:
    Department.objects.update(name="皮肤性病科")
    Doctor.objects.update(name="欧阳医生")
    answer = Client(headers={"Accept-Language": "en"}).get(made(seat))
    shown = re.sub(r"\s+", " ", answer.content.decode())
    assert answer.status_code == 200
    assert "Ahead in the line: 1" in shown and "Expected wait:" in shown and "You follow 测**" in shown
    patient = seat.patient
    for hidden in ("皮肤性病科", "欧阳医生", patient.name, patient.id_number, patient.phone, "¥", "30.52", "医保"):
        assert hidden not in shown
    assert f"/appointments/{seat.pk}" not in shown


def test_nobody_finds_it_by_chance_or_learns_it_from_elsewhere(seat: Appointment) -> None:
    path = made(seat)
    answer = Client().get(path)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"] and b'content="noindex' in answer.content
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "private" in answer.headers["Cache-Control"]
    token = path.split("/")[2]
    assert len(token) >= 32 and token not in str(FollowLink.objects.values().get())


def test_what_is_shown_already_is_not_sent_again(seat: Appointment) -> None:
    path = f"{made(seat)}story/"
    first = Client().get(path)
    same = Client().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, same.status_code, same.headers["X-Poll-After"]) == (200, 304, "15")


@pytest.mark.parametrize("path", ["/follow/wrong/", "/follow/wrong/story/", "/follow/%F0%9F%98%80/"])
def test_a_wrong_link_leads_nowhere(path: str, seat: Appointment) -> None:
    made(seat)
    assert Client().get(path).status_code == 404


def test_a_new_link_ends_the_one_before(seat: Appointment) -> None:
    old, new = made(seat), made(seat)
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)


def test_the_patient_ends_it(seat: Appointment) -> None:
    path, patient = made(seat), doing.speaking_as(seat.patient)
    assert [patient.delete(api_path(seat)).status_code for _ in range(2)] == [204, 204]
    assert Client().get(path).status_code == 404


def test_it_ends_with_the_visit(seat: Appointment) -> None:
    path = made(seat)
    booking.cancel(seat)
    assert Client().get(path).status_code == 404
    refused(doing.speaking_as(seat.patient).post(api_path(seat)), 409, "appointment_over")


def test_it_ends_a_day_after_the_session(seat: Appointment) -> None:
    path = made(seat)
    for ago, status in ((following.LASTS - timedelta(minutes=1), 200), (following.LASTS + timedelta(minutes=1), 404)):
        Session.objects.update(starts_at=Now() - ago - timedelta(hours=1), ends_at=Now() - ago)
        assert Client().get(path).status_code == status


def test_only_the_patient_makes_or_ends_one(seat: Appointment) -> None:
    path = made(seat)
    refused(doing.speaking_as(factories.patient()).post(api_path(seat)), 404, "no_such_appointment")
    refused(doing.speaking_as(factories.patient()).delete(api_path(seat)), 404, "no_such_appointment")
    refused(doing.speaking_as_staff().post(api_path(seat)), 403, "patients_only")
    assert Client().post(api_path(seat)).status_code == 401
    assert Client().get(path).status_code == 200


def test_who_tries_many_is_held_back(seat: Appointment, settings: LazySettings) -> None:
    path = made(seat)
    settings.RATE_LIMIT_PER_ADDRESS = "2/m"
    answers = [Client().get(tried) for tried in ("/follow/a/", "/follow/b/", path)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_after_the_line_it_says_no_more_than_that(insurer: Simulator) -> None:
    trial = doing.priced(doing.somebody_who_pays_cash())
    shown = Client(headers={"Accept-Language": "en"}).get(made(trial.appointment)).content.decode()
    assert "The rest is done by the patient." in shown and "13.13" not in shown and "Ahead" not in shown


def test_it_is_made_and_ended_on_the_page_of_the_story(seat: Appointment) -> None:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(seat.patient.user)
    story = f"/appointments/{seat.pk}/"
    assert "Make a link" in client.get(story).content.decode()
    shown = client.post(f"{story}follow/").content.decode()
    found = re.search(r'value="http://127.0.0.1:8000(/follow/[^"]+)"', shown)
    assert found and Client().get(found.group(1)).status_code == 200
    assert "End the link" in client.get(story).content.decode()
    client.post(f"{story}unfollow/")
    assert Client().get(found.group(1)).status_code == 404
    other = Client()
    other.force_login(factories.patient().user)
    assert [other.post(f"{story}{what}/").status_code for what in ("follow", "unfollow")] == [404, 404]
