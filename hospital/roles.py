"""Staff roles: groups of permissions (`settings.STAFF_ROLES`), made when they are not there yet."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction


@transaction.atomic
def make() -> list[Group]:
    """The groups of the settings. One that is there stays as staff have made it."""
    return [_group(name, permissions) for name, permissions in settings.STAFF_ROLES.items()]


def _group(name: str, permissions: Iterable[str]) -> Group:
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        group.permissions.set(_permission(*permission.split(".")) for permission in permissions)
    return group


def _permission(app: str, codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app, codename=codename)
