"""Where the hospital tells others what happened, without knowing them: `settings.HOSPITAL_HOOKS`, event → functions.

The functions run in the caller's transaction, in the order listed; one that raises a `Refusal` stops the change.

- `insured_in(region) -> str`     somebody insured there is booking: the name of the insurer, kept with the archive
- `cancelled(appointment)`        the appointment is being cancelled
- `charges_changed(appointment)`  its fee lines are being replaced
- `tuning_changes(name, value)`   a setting is to get this value (hospital/tuning.py)
- `held(appointment) -> dict`     what else is held about the patient in it (hospital/held.py)
- `against_erasing(appointments) -> list`  what is in hand, a sentence each: their patient cannot be erased yet
- `erasing(appointments)`         their patient is being erased (hospital/erasure/forgetting.py)
- `keys_changed() -> int`         the keys of personal data are others (rotate_keys): how many rows have changed
- `story(appointment) -> dict`    more to tell about it in `GET appointments/{id}/`
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def call(event: str, *arguments: Any) -> Iterator[Any]:
    """Call every function that listens to `event`; their results one after the other."""
    for path in settings.HOSPITAL_HOOKS.get(event, []):
        yield import_string(path)(*arguments)


def tell(event: str, *arguments: Any) -> None:
    """`call` where nobody needs the results."""
    for _ in call(event, *arguments):
        pass
