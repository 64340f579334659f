"""`erase_patient WHO --asked-by A --approved-by B --why TEXT`: forget a patient, keep the books (docs/privacy.md)."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hospital import held
from hospital.erasure import decisions
from hospital.errors import Refusal


class Command(BaseCommand):
    help = "Forget a patient for good: names, numbers, cards, messages. The books stay. Two of the staff decide."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", help="the patient's id, or the user name")
        parser.add_argument("--asked-by", required=True, help="the user name of one of the staff who may propose it")
        parser.add_argument("--approved-by", required=True, help="of another, who may approve it (a supervisor)")
        parser.add_argument("--why", required=True, help="the reason, kept with the access")

    def handle(self, *args: Any, **options: Any) -> None:
        staff = User.objects.in_bulk([options["asked_by"], options["approved_by"]], field_name="username")
        try:
            patient = held.named(options["who"])
            decisions.erase(
                patient,
                asked_by=staff[options["asked_by"]],
                approved_by=staff[options["approved_by"]],
                why=options["why"],
            )
        except KeyError as error:
            raise CommandError(f"there is nobody of the name {error}") from error
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(f"patient {patient.pk} is erased; the books stay")
