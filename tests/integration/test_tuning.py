"""Settings that staff change while the system runs: what wins, what is refused, and what is kept of it."""

from io import StringIO

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital import changes, tuning
from hospital.errors import Invalid
from hospital.models import Change, Tuning
from insurance.models import Quota
from insurance.payment import orders
from insurance.quota import exchange, limits, permits
from insurance.quota.lanes import Lane


@pytest.fixture
def chief() -> User:
    return User.objects.create_user("chief", is_staff=True)


def refused(name: str, value: int | None, why: str = "because") -> Invalid:
    with pytest.raises(Invalid) as error:
        tuning.change(name, value, who="a test", why=why)
    return error.value


def trial_quota() -> Quota:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return found


def test_the_environment_counts_until_staff_change_it_and_again_when_they_take_it_back(
    settings: LazySettings, chief: User
) -> None:
    settings.TRIAL_VALID_SECONDS = 900
    assert tuning.value("TRIAL_VALID_SECONDS") == 900
    tuning.change("TRIAL_VALID_SECONDS", 600, who=chief, why="the insurer asks for it")
    settings.TRIAL_VALID_SECONDS = 1200
    assert tuning.value("TRIAL_VALID_SECONDS") == 600
    tuning.change("TRIAL_VALID_SECONDS", None, who=chief, why="it was a mistake")
    assert tuning.value("TRIAL_VALID_SECONDS") == 1200


def test_a_value_of_zero_is_a_value() -> None:
    tuning.change("TRIAL_LINE_MINUTES", 0, who="a test", why="nobody waits today")
    assert tuning.value("TRIAL_LINE_MINUTES") == 0


def test_each_change_is_written_down_with_who_and_why(chief: User) -> None:
    tuning.change("FILING_BATCH_SIZE", 300, who=chief, why="  a busy day ")
    tuning.change("FILING_BATCH_SIZE", None, who="command line", why="over")
    tuning.change("FILING_BATCH_SIZE", 250, who=None, why="")
    told = Change.objects.order_by("pk").values_list("who", "who_name", "subject", "field", "before", "after", "why")
    assert list(told) == [
        (chief.pk, "chief", "FILING_BATCH_SIZE", "value", "200 (environment)", "300", "a busy day"),
        (None, "command line", "FILING_BATCH_SIZE", "value", "300", "200 (environment)", "over"),
        (None, "system", "FILING_BATCH_SIZE", "value", "200 (environment)", "250", ""),
    ]
    assert abs((timezone.now() - Change.objects.latest("pk").at).total_seconds()) < 60


def test_what_is_as_it_was_is_not_written_down_again(chief: User) -> None:
    for _ in range(2):
        tuning.change("FILING_BATCH_SIZE", 300, who=chief, why="a busy day")
    tuning.change("TRIAL_LINE_MINUTES", None, who=chief, why="nothing")
    assert Change.objects.count() == 1


def test_the_name_stays_when_the_account_goes(chief: User) -> None:
    tuning.change("FILING_BATCH_SIZE", 300, who=chief, why="a busy day")
    chief.delete()
    assert Change.objects.values_list("who", "who_name").get() == (None, "chief")


@pytest.mark.parametrize("why", ["", " \n"])
def test_a_person_says_why(chief: User, why: str) -> None:
    for who in (chief, "command line"):
        with pytest.raises(Invalid) as error:
            tuning.change("FILING_BATCH_SIZE", 300, who=who, why=why)
        assert error.value.code == "no_reason"
    assert (tuning.value("FILING_BATCH_SIZE"), Tuning.objects.count(), Change.objects.count()) == (200, 0, 0)
    assert changes.record("quota trial", "per_minute", 100, 90, who=None, why=why).who_name == "system"


@pytest.mark.parametrize("name", ["SECRET_KEY", "INSURANCE_TRIAL_PER_MINUTE", "filing_batch_size", ""])
def test_what_is_not_listed_cannot_be_changed(name: str) -> None:
    assert refused(name, 5).code == "no_such_setting"
    assert not Tuning.objects.exists()


def test_both_bounds_may_be_reached_and_not_passed(settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 0
    for name, (least, most) in settings.TUNABLE.items():
        for value in (least, most):
            tuning.change(name, value, who="a test", why="as far as it goes")
            assert tuning.value(name) == value
        for value in (least - 1, most + 1):
            refusal = refused(name, value)
            assert refusal.code == "out_of_bounds"
            assert str(refusal.detail) == f"{name} must be between {least} and {most}."
        assert tuning.value(name) == most


def test_m_stays_above_n() -> None:
    limits.set_limit(trial_quota(), 150)
    refusal = refused("FILING_BATCH_SIZE", 150)
    assert (refusal.code, "n = 150" in str(refusal.detail)) == ("m_not_above_n", True)
    tuning.change("FILING_BATCH_SIZE", 151, who="a test", why="as low as it goes")


def test_n_stays_below_m() -> None:
    tuning.change("FILING_BATCH_SIZE", 300, who="a test", why="a busy day")
    limits.set_limit(trial_quota(), 299)
    with pytest.raises(Invalid, match="m_not_above_n"):
        limits.set_limit(trial_quota(), 300)
    assert trial_quota().per_minute == 299


def test_m_does_not_go_back_to_an_environment_that_n_has_outgrown() -> None:
    tuning.change("FILING_BATCH_SIZE", 300, who="a test", why="a busy day")
    limits.set_limit(trial_quota(), 200)
    assert refused("FILING_BATCH_SIZE", None).code == "m_not_above_n"
    assert tuning.value("FILING_BATCH_SIZE") == 300


def test_m_stays_above_an_n_that_was_never_drawn_on(settings: LazySettings) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = 120
    assert not Quota.objects.exists()
    assert refused("FILING_BATCH_SIZE", 120).code == "m_not_above_n"


def test_settlements_do_not_pass_through_filing_and_bind_m_to_nothing() -> None:
    quota = permits.quota_of(Lane.SETTLEMENT)
    assert quota is not None
    limits.set_limit(quota, 500)
    tuning.change("FILING_BATCH_SIZE", 150, who="a test", why="a quiet day")


def test_rows_are_read_once_and_then_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "KEPT_SECONDS", 60)
    with CaptureQueriesContext(connection) as queries:
        for name in ("FILING_BATCH_SIZE", "TRIAL_LINE_MINUTES") * 100:
            tuning.value(name)
    assert len(queries) == 1


def test_rows_are_read_again_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tuning.value("FILING_BATCH_SIZE") == 200
    Tuning.objects.create(name="FILING_BATCH_SIZE", value=300)  # as another process would
    assert tuning.value("FILING_BATCH_SIZE") == 200
    monkeypatch.setattr(tuning, "KEPT_SECONDS", 0)
    assert tuning.value("FILING_BATCH_SIZE") == 300


def test_payment_orders_expire_when_staff_say() -> None:
    tuning.change("PAYMENT_EXPIRES_SECONDS", 60, who="a test", why="a busy day")
    order = orders.prepare("order 1", 100)
    assert 55 < (order.expires_at - timezone.now()).total_seconds() <= 60


def test_every_setting_has_bounds_a_text_and_a_first_value_within_them(settings: LazySettings) -> None:
    assert set(settings.TUNABLE) == set(settings.TUNABLE_TEXTS)
    for name, (least, most) in settings.TUNABLE.items():
        assert least <= tuning.from_environment(name) <= most


def test_the_longest_time_limit_leaves_a_turn_enough_of_celerys(settings: LazySettings) -> None:
    _, most = settings.TUNABLE["INSURANCE_TIMEOUT_SECONDS"]
    assert exchange.TURN_TIMEOUTS * most < settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT


def tune(*arguments: str) -> str:
    said = StringIO()
    call_command("tune", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_lists_what_is_in_force_and_changes_it() -> None:
    assert "FILING_BATCH_SIZE = 200 records (environment; 1 to 10000)" in tune()
    listed = tune("FILING_BATCH_SIZE", "300", "--why", "a busy day")
    assert "FILING_BATCH_SIZE = 300 records (staff; 1 to 10000)" in listed
    assert Change.objects.values_list("who_name", "why").get() == ("command line", "a busy day")
    assert "FILING_BATCH_SIZE = 200 records (environment" in tune("FILING_BATCH_SIZE", "environment", "--why", "over")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("NOTHING", "5", "--why", "x"), "NOTHING"),
        (("FILING_BATCH_SIZE",), "whole number"),
        (("FILING_BATCH_SIZE", "many", "--why", "x"), "whole number"),
        (("FILING_BATCH_SIZE", "²", "--why", "x"), "whole number"),
        (("FILING_BATCH_SIZE", "300"), "why"),
        (("FILING_BATCH_SIZE", "0", "--why", "x"), "between 1 and 10000"),
        (("FILING_BATCH_SIZE", "9" * 30, "--why", "x"), "between 1 and 10000"),
        (("FILING_BATCH_SIZE", "100", "--why", "x"), "above n"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(CommandError) as error:
        tune(*arguments)
    assert told in str(error.value) and "\n" not in str(error.value)
    assert not Tuning.objects.exists()
