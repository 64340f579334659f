"""Sessions planned in bulk: week by week, looked at first and made once; and brought in as a sheet, all or none."""

import csv
import io
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from hospital.errors import Conflict, Invalid
from hospital.models import Change, Doctor, Holiday, PriceList, Session, WeeklyPlan
from hospital.planning import plans
from tests import factories
from tests.integration.brought import somebody
from tests.integration.desk import page

SESSIONS, MAKE = "/admin/hospital/session/", "/admin/hospital/weeklyplan/make/"
HEAD = ("doctor", "price_list", "starts_at", "ends_at", "seats")


def monday() -> date:
    """The Monday after next: all of its week lies ahead."""
    today = timezone.localdate()
    return today + timedelta(days=14 - today.weekday())


@pytest.fixture
def doctor() -> Doctor:
    return factories.session().doctor


@pytest.fixture
def plan(doctor: Doctor) -> WeeklyPlan:
    """Every Wednesday for a long time."""
    return planned(doctor, weekday=3)


@pytest.fixture
def registrar(client: Client) -> Client:
    client.force_login(somebody("registrar"))
    return client


def planned(doctor: Doctor, **changed: Any) -> WeeklyPlan:
    fields = {"weekday": 1, "begins": time(8), "ends": time(11, 30), "seats": 20, "from_day": monday()}
    until = monday() + timedelta(days=90)
    return WeeklyPlan.objects.create(
        doctor=doctor, price_list=PriceList.objects.get(), **{**fields, "until_day": until, **changed}
    )


def made(first: date, last: date, looked_at: int, why: str = "because") -> list[Session]:
    return plans.carry_out(first, last, looked_at=looked_at, who="a test", why=why)


def test_each_week_has_its_session(plan: WeeklyPlan) -> None:
    first, last = monday(), monday() + timedelta(days=20)
    assert [each.starts_at for each in plans.preview(first, last)] == [s.starts_at for s in made(first, last, 3)]
    session = Session.objects.filter(plan=plan).earliest("starts_at")
    assert (session.capacity, session.free, session.doctor) == (20, 20, plan.doctor)
    begins = timezone.localtime(session.starts_at)
    assert (begins.date(), begins.time()) == (monday() + timedelta(days=2), time(8))
    assert session.ends_at - session.starts_at == timedelta(hours=3, minutes=30)
    change = Change.objects.get()
    assert (change.subject, change.after, change.why) == ("sessions", "3", "because")


def test_made_again_nothing_is_doubled(plan: WeeklyPlan) -> None:
    made(monday(), monday() + timedelta(days=6), 1)
    again = plans.preview(monday(), monday() + timedelta(days=13))
    assert [each.why_not for each in again] == ["there already", ""]
    made(monday(), monday() + timedelta(days=13), 1)
    assert Session.objects.filter(plan=plan).count() == 2


def test_holidays_what_is_over_and_what_clashes_are_left_out(doctor: Doctor, plan: WeeklyPlan) -> None:
    Holiday.objects.create(day=monday() + timedelta(days=2), name="National Day")
    planned(doctor, weekday=3, begins=time(11), ends=time(12))
    first = plans.preview(monday(), monday() + timedelta(days=6))
    assert [each.why_not for each in first] == ["National Day"] * 2
    second = plans.preview(monday() + timedelta(days=7), monday() + timedelta(days=13))
    assert [each.why_not for each in second] == ["", "The doctor has another session then."]
    WeeklyPlan.objects.update(from_day=monday() - timedelta(days=60))
    assert {each.why_not for each in plans.preview(monday() - timedelta(days=60), monday() - timedelta(days=40))} == {
        "over already"
    }


def test_only_its_own_days_count(doctor: Doctor) -> None:
    planned(doctor, from_day=monday() + timedelta(days=7), until_day=monday() + timedelta(days=14))
    assert len(plans.preview(monday(), monday() + timedelta(days=30))) == 2


def test_what_was_not_looked_at_is_not_made(plan: WeeklyPlan) -> None:
    week = (monday(), monday() + timedelta(days=6))
    with pytest.raises(Conflict, match="plan_changed"):
        made(*week, 2)
    with pytest.raises(Invalid, match="no_reason"):
        made(*week, 1, why=" ")
    assert not Session.objects.filter(plan=plan).exists() and not Change.objects.exists()


@pytest.mark.parametrize("days", [-1, plans.MOST_DAYS])
def test_a_range_that_cannot_be_is_refused(days: int) -> None:
    with pytest.raises(Invalid, match="bad_range"):
        plans.preview(monday(), monday() + timedelta(days=days))


def test_the_registrar_looks_and_confirms(registrar: Client, plan: WeeklyPlan) -> None:
    asked = {"first": str(monday()), "last": str(monday() + timedelta(days=6))}
    assert "Make them (1)" in page(registrar, f"{MAKE}?first={asked['first']}&last={asked['last']}")
    assert registrar.post(MAKE, {**asked, "looked_at": "1", "why": ""}).status_code == 200
    assert not Session.objects.filter(plan=plan).exists()
    told = registrar.post(MAKE, {**asked, "looked_at": "1", "why": "the new month"}, follow=True)
    assert "Sessions made: 1." in told.content.decode()
    assert "Nothing new" in page(registrar, f"{MAKE}?first={asked['first']}&last={asked['last']}")
    assert registrar.get(MAKE, {"first": "x"}).status_code == 200


def row(who: Doctor, day: int = 0, **changed: str) -> dict[str, str]:
    """A row of the sheet: one morning."""
    at = f"{monday() + timedelta(days=day)}"
    told = {"doctor": who.code, "price_list": PriceList.objects.get().name, "seats": "12"}
    return {**told, "starts_at": f"{at} 08:00", "ends_at": f"{at} 11:30", **changed}


def as_csv(*rows: dict[str, str]) -> bytes:
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, HEAD)
    writer.writeheader()
    writer.writerows(rows)
    return sheet.getvalue().encode()


def as_xlsx(*rows: dict[str, str]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.active.append(HEAD)
    for each in rows:
        book.active.append([each[name] for name in HEAD])
    book.save(file)
    return file.getvalue()


def brought_in(client: Client, content: bytes, format_: int = 0) -> str:
    """Upload, look, and confirm where that is offered; what is said then."""
    name = ("sessions.csv", "sessions.xlsx")[format_]
    upload = {"import_file": SimpleUploadedFile(name, content), "format": str(format_), "resource": "0"}
    looked = client.post(f"{SESSIONS}import/", upload)
    assert looked.status_code == 200
    form = looked.context.get("confirm_form")
    if form is None:
        return looked.content.decode()
    told = client.post(f"{SESSIONS}process_import/", form.initial, follow=True)
    return told.content.decode()


@pytest.mark.parametrize(("sheet", "format_"), [(as_csv, 0), (as_xlsx, 1)], ids=["csv", "xlsx"])
def test_a_sheet_is_brought_in_once(registrar: Client, doctor: Doctor, sheet: Any, format_: int) -> None:
    for _ in range(2):
        brought_in(registrar, sheet(row(doctor), row(doctor, 1)), format_)
    new = Session.objects.filter(starts_at__date__gte=monday())
    assert [(each.capacity, each.free) for each in new] == [(12, 12), (12, 12)]


def wrong(doctor: Doctor) -> Iterator[tuple[dict[str, str], str]]:
    yield row(doctor, 1, doctor="D-none"), "There is no doctor D-none."
    yield row(doctor, 1, seats="many"), "seats"
    yield row(doctor, 1, seats="0"), "at least one seat"
    yield row(doctor, 1, ends_at=row(doctor, 1)["starts_at"]), "must end after it begins"
    yield row(doctor, 0, starts_at=f"{monday()} 09:00"), "has another session then"


def test_one_wrong_row_and_nothing_is_done(registrar: Client, doctor: Doctor) -> None:
    before = Session.objects.count()
    for bad, why in wrong(doctor):
        told = brought_in(registrar, as_csv(row(doctor), bad))
        assert why in told, why
        assert Session.objects.count() == before, why


def test_what_is_there_is_never_rewritten(registrar: Client, doctor: Doctor) -> None:
    brought_in(registrar, as_csv(row(doctor)))
    assert "is there already and is not as" in brought_in(registrar, as_csv(row(doctor, seats="99")))
    assert Session.objects.get(starts_at__date__gte=monday()).capacity == 12


def test_what_comes_between_looking_and_confirming_stops_all_of_it(registrar: Client, doctor: Doctor) -> None:
    upload = {"import_file": SimpleUploadedFile("s.csv", as_csv(row(doctor), row(doctor, 1))), "format": "0"}
    form = registrar.post(f"{SESSIONS}import/", {**upload, "resource": "0"}).context["confirm_form"]
    brought_in(registrar, as_csv(row(doctor, 1, starts_at=f"{monday() + timedelta(days=1)} 09:00")))
    before = Session.objects.count()
    told = registrar.post(f"{SESSIONS}process_import/", form.initial, follow=True).content.decode()
    assert "Nothing was brought in." in told and "Row 2: The doctor has another session then." in told
    assert Session.objects.count() == before


@pytest.mark.parametrize("format_", [0, 1], ids=["csv", "xlsx"])
def test_a_sheet_that_is_taken_out_holds_no_formula(registrar: Client, doctor: Doctor, format_: int) -> None:
    PriceList.objects.update(name='=HYPERLINK("http://evil","x")')
    asked = {"format": str(format_), "resource": "0"} | {f"sessionsheet_{name}": "on" for name in HEAD}
    answer = registrar.post(f"{SESSIONS}export/", asked)
    if format_:
        cells = [str(cell.value) for line in load_workbook(io.BytesIO(answer.content)).active for cell in line]
    else:
        cells = [cell for line in csv.reader(io.StringIO(answer.content.decode())) for cell in line]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
