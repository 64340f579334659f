"""`staff_roles`: the groups of staff to begin with. Those that are there already are not touched."""

from typing import Any

from django.core.management.base import BaseCommand

from hospital import roles


class Command(BaseCommand):
    help = "Make the groups of staff (docs/roles.md) with their permissions; people are put into them in the admin."

    def handle(self, *args: Any, **options: Any) -> None:
        for group in roles.make():
            self.stdout.write(f"{group.name}: {group.permissions.count()} permissions")
