"""What staff may change while the system runs (`hospital/tuning.py`): name -> least, most."""

from django.utils.translation import gettext_lazy as _

BOUNDS = {
    "FILING_BATCH_SIZE": (1, 10_000),
    "FILING_EVERY_SECONDS": (1, 3_600),
    "INSURANCE_TIMEOUT_SECONDS": (1, 15),  # a turn of three must end before CELERY_TASK_SOFT_TIME_LIMIT
    "TRIAL_LINE_MINUTES": (0, 1_440),
    "TRIAL_CLOSE_MINUTES": (0, 60),
    "TRIAL_VALID_SECONDS": (60, 86_400),
    "PAYMENT_EXPIRES_SECONDS": (60, 86_400),
}
# How it is told to staff: what it is, and its unit.
TEXTS = {
    "FILING_BATCH_SIZE": (_("How many records are filed at one tick (m)"), _("records")),
    "FILING_EVERY_SECONDS": (_("How often records are filed (the tick)"), _("seconds")),
    "INSURANCE_TIMEOUT_SECONDS": (_("How long one call to the insurer may take"), _("seconds")),
    "TRIAL_LINE_MINUTES": (_("The longest wait for a trial that may be joined; 0: nobody waits"), _("minutes")),
    "TRIAL_CLOSE_MINUTES": (_("How long before the turn a patient is told that it is near; 0: not"), _("minutes")),
    "TRIAL_VALID_SECONDS": (_("How long the amounts of a trial may be settled"), _("seconds")),
    "PAYMENT_EXPIRES_SECONDS": (_("How long a patient may take to pay"), _("seconds")),
}
