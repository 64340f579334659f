"""What tests of the admin do: sit at the desk, save a form, tick a row and act, read what is kept of it."""

from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from hospital.models import Change


def at_the_desk(client: Client, may: tuple[str, ...]) -> Client:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(user)
    return client


def address(model: type[Model], page: str, *pk: int) -> str:
    return reverse(f"admin:insurance_{model._meta.model_name}_{page}", args=pk)


def page(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code == 200
    return answer.content.decode()


def act(client: Client, row: Model, action: str, why: str = "because") -> str:
    """Tick a row of a list and do something to it; what is said then."""
    body = {"action": action, "_selected_action": str(row.pk), "why": why}
    answer = client.post(address(type(row), "changelist"), body, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def save(client: Client, row: Model, **fields: object) -> int:
    return client.post(address(type(row), "change", row.pk), fields).status_code


def errors(client: Client, where: str, **fields: object) -> dict[str, list[str]]:
    """What the form says is wrong, by field; nothing was written down."""
    before = Change.objects.count()
    answer = client.post(where, fields)
    assert answer.status_code == 200 and Change.objects.count() == before
    return dict(answer.context["adminform"].form.errors)


def changes() -> list[tuple[str, str, str, str]]:
    """All of them name the account and the reason."""
    rows = Change.objects.order_by("pk")
    assert all(row.who is not None and (row.who.username, row.who_name) == ("clerk", "clerk") for row in rows)
    assert {row.why for row in rows} <= {"because"}
    return list(rows.values_list("subject", "field", "before", "after"))
