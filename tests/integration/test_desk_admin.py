"""The desk's pages: who sees what, what can be pressed, and that nobody's name or number stands on them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hospital.models import Change
from insurance.desk import decisions
from insurance.desk.actions import Action
from insurance.models import CaseFile, Decision, InterfaceCall, Settlement
from insurance.quota import insurers
from tests.integration import brought, doing
from tests.integration.brought import seen, somebody
from tests.integration.desk import address, page

WHY = "the patient came to the desk"


def sitting(client: Client, role: str) -> User:
    user = somebody(role)
    client.force_login(user)
    return user


@pytest.fixture
def clerk(client: Client) -> Client:
    sitting(client, "clerk")
    return client


@pytest.fixture
def supervisor() -> Client:
    client = Client()
    sitting(client, "supervisor")
    return client


def at(name: str, *pk: int) -> str:
    return reverse(f"admin:insurance_casefile_{name}", args=pk)


def file_of(settlement: Settlement) -> str:
    return at("change", settlement.pk)


def post(client: Client, where: str, **fields: object) -> str:
    """What is said after it was pressed."""
    answer = client.post(where, fields, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def press(client: Client, settlement: Settlement, action: Action, **fields: object) -> str:
    """The button of a page that was just opened."""
    row = Settlement.objects.get(pk=settlement.pk)
    told = {"action": action.value, "state": row.state, "attempt": row.attempt, "why": WHY}
    return post(client, at("act", row.pk), **(told | fields))


def test_the_list_tells_what_is_at_stake(clerk: Client) -> None:
    settlement, trial = brought.manual_from_confirming(), brought.frozen()
    unknown = brought.unknown()
    seen_page = page(clerk, at("changelist"))
    for told in (settlement.number, "30.52", "10.26", "total: agreed 3052 fen", "needs a person", "not known"):
        assert told in seen_page, told
    assert f"/trial/{trial.pk}/" in seen_page and "trial frozen" in seen_page
    only = page(clerk, f"{at('changelist')}?choice=unknown")
    assert unknown.number in only and settlement.number not in only


def test_a_list_without_cases_says_so(clerk: Client) -> None:
    assert "everything goes on by itself" in page(clerk, at("changelist"))
    assert "Nothing was found" in page(clerk, f"{at('changelist')}?q=17")


def test_a_finished_settlement_is_found_by_its_number(clerk: Client) -> None:
    settlement = brought.completed()
    assert file_of(settlement) in page(clerk, f"{at('changelist')}?q={settlement.appointment_id}")


def test_a_long_list_has_pages(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insurance.desk.pages.PAGE", 2)
    numbers = [brought.unknown().number for _ in range(5)]
    for number, shown in enumerate((numbers[:2], numbers[2:4], numbers[4:])):
        on_it = page(clerk, f"{at('changelist')}?page={number}")
        assert [each for each in numbers if each in on_it] == shown
    for strange in ("x", "-1", "²", "99999999999999999999"):
        assert clerk.get(f"{at('changelist')}?page={strange}").status_code == 200


def test_the_pages_say_when_the_interface_is_closed(clerk: Client) -> None:
    settlement = brought.unknown()
    insurers.pause(insurers.default(), who="a test", why="x")
    for where in (at("changelist"), file_of(settlement)):
        assert "paused by staff" in page(clerk, where)


def test_a_file_tells_the_whole_story(clerk: Client) -> None:
    settlement = brought.manual_from_refunding()
    call = InterfaceCall.objects.create(
        msgid="H99999900001202611240000000001",
        infno="2207A",
        lane="settlement",
        purpose=f"settlement {settlement.pk}",
        outcome="unknown",
        request="the patient's whole record",
        reply="and the insurer's",
        note="a note",
    )
    told = page(clerk, file_of(settlement))
    for word in (
        *(call.msgid, "2207A", "answer lost", settlement.number, f"R{settlement.number}", settlement.setl_id),
        *("the payment institution would not give the money back", "money goes back", "Try the refund again"),
        *("insurance fund", "collected", "What happens next by itself", "Nothing: a person must decide."),
    ):
        assert word in told, word
    assert "whole record" not in told and "and the insurer" not in told and "a note" not in told


def test_only_what_is_possible_can_be_pressed_and_the_rest_says_why_not(clerk: Client) -> None:
    told = page(clerk, file_of(brought.manual_from_confirming()))
    for action in ("ask", "tell", "undo", "complete", "void"):
        assert f'name="action" value="{action}"' in told, action
    assert 'value="refund"' not in told and "undo it there first" in told
    assert 'id="evidence-complete"' in told and 'id="evidence-undo"' not in told
    finished = page(clerk, file_of(brought.refused()))
    assert 'name="action"' not in finished and "Nothing, in this state" in finished


def test_asking_again_is_done_at_once(clerk: Client) -> None:
    settlement = brought.manual_from_unknown()
    assert "Done: Ask the insurer again." in press(clerk, settlement, Action.ASK)
    assert doing.state_of(settlement) == "unknown"
    assert WHY in page(clerk, file_of(settlement))


def test_money_moves_when_another_person_approves(clerk: Client, supervisor: Client) -> None:
    settlement = brought.manual_from_refunding()
    assert "Proposed: Give the money back" in press(clerk, settlement, Action.REFUND)
    decision = Decision.objects.get()
    own = page(clerk, file_of(settlement))
    assert "Withdraw" in own and "Approve and carry out" not in own
    assert (
        settlement.number in page(supervisor, at("changelist")).split("Waits for a second person")[1].split("</div>")[0]
    )
    assert "Approve and carry out" in page(supervisor, file_of(settlement))
    assert "Decided." in post(supervisor, at("decide", decision.pk), decide="approve")
    assert doing.state_of(settlement) == "refunding"
    assert "carried out" in page(supervisor, file_of(settlement))


def test_whoever_proposed_it_cannot_approve_it_by_hand(supervisor: Client) -> None:
    settlement = brought.manual_from_refunding()
    press(supervisor, settlement, Action.REFUND)
    told = post(supervisor, at("decide", Decision.objects.get().pk), decide="approve")
    assert "Somebody else" in told and doing.state_of(settlement) == "manual"


def test_the_approver_is_shown_what_the_records_say_against_it(clerk: Client, supervisor: Client) -> None:
    settlement = brought.manual_from_confirming()
    assert "Say what shows it" in press(clerk, settlement, Action.VOID)
    press(clerk, settlement, Action.VOID, evidence="the insurer's letter of Monday")
    told = page(supervisor, file_of(settlement))
    for word in ("still stands at the insurer", "money is still with us", "the insurer&#x27;s letter of Monday"):
        assert word in told, word


def test_a_rejection_needs_a_reason(clerk: Client, supervisor: Client) -> None:
    press(clerk, brought.manual_from_refunding(), Action.REFUND)
    decision = Decision.objects.get()
    assert "Say why" in post(supervisor, at("decide", decision.pk), decide="reject", answer="")
    assert "Decided." in post(supervisor, at("decide", decision.pk), decide="reject", answer="not yet")
    assert doing.state_of(decision) == "rejected"


def test_an_old_page_does_nothing(clerk: Client) -> None:
    settlement = brought.manual_from_unknown()
    old = {"state": settlement.state, "attempt": settlement.attempt + 1}
    assert "moved on" in press(clerk, settlement, Action.ASK, **old)
    assert doing.state_of(settlement) == "manual"


def test_pressing_twice_does_it_once(clerk: Client) -> None:
    settlement = brought.manual_from_unknown()
    as_it_was = {"state": settlement.state, "attempt": settlement.attempt}
    press(clerk, settlement, Action.ASK)
    assert "moved on" in press(clerk, settlement, Action.ASK, **as_it_was)
    assert Change.objects.count() == 1


def test_a_refused_refund_is_tried_again_from_the_page(clerk: Client) -> None:
    settlement = brought.manual_from_refunding()
    refund = brought.Refund.objects.get()
    assert "Say why" in post(clerk, at("act_on_refund", refund.pk))
    assert "tried again" in post(clerk, at("act_on_refund", refund.pk), why=WHY)
    assert doing.state_of(refund) == "due" and doing.state_of(settlement) == "manual"


def test_a_frozen_trial_is_let_go_on_or_ended(clerk: Client) -> None:
    going, ended = brought.frozen(), brought.frozen()
    assert "contradict each other" in page(clerk, at("trial", going.pk))
    assert "Say why" in post(clerk, at("act_on_trial", going.pk), action="back")
    assert "Done." in post(clerk, at("act_on_trial", going.pk), action="back", why=WHY)
    assert "Done." in post(clerk, at("act_on_trial", ended.pk), action="cancel", why=WHY)
    assert (doing.state_of(going), doing.state_of(ended)) == ("waiting", "cancelled")
    assert "no longer frozen" in post(clerk, at("act_on_trial", going.pk), action="cancel", why=WHY)
    assert 'name="action"' not in page(clerk, at("trial", going.pk))


def test_those_that_are_ticked_go_on(clerk: Client) -> None:
    settlement, left = brought.unknown(), brought.unknown()
    later = timezone.now() + timedelta(hours=2)
    Settlement.objects.update(due_at=later)
    ticked = [f"settlement-{settlement.pk}", "settlement-x", "patient-1"]
    assert "Say why" in post(clerk, at("changelist"), case=ticked)
    assert "Due now: 1" in post(clerk, at("changelist"), case=ticked, why=WHY)
    settlement.refresh_from_db(), left.refresh_from_db()
    assert settlement.due_at <= timezone.now() and left.due_at == later


def test_all_of_a_list_go_on(clerk: Client) -> None:
    unknown, trial = [brought.unknown() for _ in range(3)], brought.frozen()
    assert "Due now: 3" in post(clerk, at("changelist"), all="unknown", why=WHY)
    assert (doing.state_of(trial), Change.objects.count()) == ("frozen", len(unknown))
    assert "Due now: 4" in post(clerk, at("changelist"), all="", why=WHY)
    assert doing.state_of(trial) == "waiting"


@pytest.fixture
def lookers() -> list[Client]:
    """One who may look and nothing else, and one who may not even that."""
    from_nothing = User.objects.create_user("visitor", is_staff=True)
    looking = somebody("clerk")
    looking.groups.clear()
    looking.user_permissions.set(brought.permissions("view_settlement"))
    clients = []
    for user in (looking, from_nothing):
        client = Client()
        client.force_login(user)
        clients.append(client)
    return clients


def test_who_may_only_look_can_press_nothing(lookers: list[Client]) -> None:
    client, settlement, trial = lookers[0], brought.manual_from_refunding(), brought.frozen()
    refund = brought.Refund.objects.get()
    for where in (at("changelist"), file_of(settlement), at("trial", trial.pk)):
        shown = page(client, where)
        assert 'name="action"' not in shown and 'name="why"' not in shown and 'name="case"' not in shown
    everything = {"why": WHY, "state": "manual", "attempt": settlement.attempt, "action": "ask"}
    for where in (
        at("act", settlement.pk),
        at("act_on_refund", refund.pk),
        at("act_on_trial", trial.pk),
        at("changelist"),
    ):
        assert client.post(where, everything).status_code == 403, where
    assert "may not" in press(client, settlement, Action.REFUND)
    assert not Change.objects.exists()


def test_who_has_no_permission_sees_nothing(lookers: list[Client]) -> None:
    client, settlement, trial = lookers[1], brought.manual_from_refunding(), brought.frozen()
    for where in (at("changelist"), file_of(settlement), at("trial", trial.pk), address(Decision, "changelist")):
        assert client.get(where).status_code == 403
    assert "casefile" not in page(client, reverse("admin:index"))


def test_who_is_not_staff_is_sent_away(client: Client) -> None:
    settlement = brought.manual_from_refunding()
    client.force_login(settlement.appointment.patient.user)
    for where in (at("changelist"), file_of(settlement), at("act", settlement.pk)):
        assert client.get(where).status_code == 302
        assert client.post(where, {"why": WHY}).status_code == 302
    assert not Change.objects.exists()


@pytest.mark.parametrize("name", ["act", "act_on_trial", "act_on_refund", "decide"])
def test_what_acts_is_never_a_link(clerk: Client, name: str) -> None:
    assert clerk.get(at(name, 1)).status_code == 405


def test_what_is_not_there_is_not_found(clerk: Client) -> None:
    for where in (at("change", 9_999_999), at("trial", 9_999_999), f"{at('changelist')}x/change/"):
        assert clerk.get(where).status_code == 404, where
    settlement = brought.manual_from_refunding()
    for fields in ({}, {"action": "burn", "attempt": 1}, {"action": "ask", "attempt": "x"}):
        assert clerk.post(at("act", settlement.pk), fields).status_code == 404
    for name in ("act_on_trial", "act_on_refund", "decide"):
        assert clerk.post(at(name, 9_999_999), {"why": WHY}).status_code == 404
    assert clerk.post(file_of(settlement), {"state": "completed"}).status_code == 403


ANY_CASE: tuple[Callable[[], Model], ...] = (
    *brought.IN_STATE.values(),
    *(brought.manual_from_unknown, brought.manual_otherwise, brought.manual_from_refunding, brought.manual_self_pay),
)


@pytest.mark.parametrize("case", ANY_CASE)
def test_no_page_names_the_patient(clerk: Client, case: Callable[[], Settlement]) -> None:
    settlement = case()
    patient = settlement.appointment.patient
    for where in (at("changelist"), file_of(settlement), f"{at('changelist')}?q={settlement.appointment_id}"):
        told = page(clerk, where)
        for secret in (patient.name, patient.id_number, patient.phone, patient.user.username):
            assert secret not in told, where
        content = told[told.index('id="content-main"') : told.index("</main>")]
        assert "<script" not in content and "style=" not in content


def test_a_trials_page_does_not_name_the_patient_either(clerk: Client) -> None:
    trial = brought.frozen()
    patient = trial.appointment.patient
    told = page(clerk, at("trial", trial.pk))
    assert all(secret not in told for secret in (patient.name, patient.id_number, patient.phone))


def test_seeding_makes_the_roles_and_somebody_in_each() -> None:
    call_command("seed_demo", "--seats", "3")
    clerk, supervisor = (User.objects.get(username=name) for name in ("clerk", "supervisor"))
    assert clerk.check_password("clerk-demo") and clerk.is_staff
    for permission, who_has in (
        ("insurance.view_settlement", (True, True)),
        ("insurance.add_decision", (True, True)),
        (decisions.APPROVE, (False, True)),
    ):
        assert (clerk.has_perm(permission), supervisor.has_perm(permission)) == who_has, permission


def test_roles_that_staff_have_changed_stay_as_they_are() -> None:
    call_command("staff_roles")
    brought.Group.objects.get(name="clerk").permissions.clear()
    call_command("staff_roles")
    assert brought.Group.objects.get(name="clerk").permissions.count() == 0
    assert brought.Group.objects.get(name="supervisor").permissions.count() > 0


def test_a_decision_is_looked_at_and_leads_to_its_case(supervisor: Client) -> None:
    settlement = brought.manual_from_refunding()
    decision = decisions.propose(seen(settlement), Action.REFUND, who=somebody("clerk"), why=WHY)
    assert file_of(settlement) in page(supervisor, address(Decision, "changelist"))
    assert page(supervisor, address(Decision, "change", decision.pk))
    assert supervisor.post(address(Decision, "change", decision.pk), {"state": "approved"}).status_code == 403
    assert CaseFile.objects.get().pk == settlement.pk
