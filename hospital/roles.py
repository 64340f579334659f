"""Staff roles: groups of permissions (`settings.STAFF_ROLES`), made when they are not there yet."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction


@transaction.atomic
def make() -> list[Group]:
    """The groups of the settings. One that is there stays as staff have made it. Raises `KeyError` for a permission
    that does not exist."""
    rows = Permission.objects.select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    return [_group(name, [known[each] for each in permissions]) for name, permissions in settings.STAFF_ROLES.items()]


def _group(name: str, permissions: Iterable[Permission]) -> Group:
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        group.permissions.set(permissions)
    return group
