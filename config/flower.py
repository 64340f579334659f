"""Flower, which shows the workers and turns the brakes: `celery -A config flower --conf=config/flower.py`.

Names here are Flower's options. It does not start without a login, listens on this machine alone unless FLOWER_ADDRESS
says otherwise, and remembers what it saw over a restart, up to so many tasks. docs/ops/README.md says what it is for.
"""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

_name, _, _password = os.environ.get("FLOWER_BASIC_AUTH", "").partition(":")
if not (_name and _password):
    raise ImproperlyConfigured("FLOWER_BASIC_AUTH must be set to name:password: Flower can stop and slow the workers")
if os.environ.get("FLOWER_UNAUTHENTICATED_API"):
    raise ImproperlyConfigured(
        "FLOWER_UNAUTHENTICATED_API must not be set: whoever reaches Flower could turn the brakes"
    )

_var = Path(os.environ.get("VAR", "var"))
_var.mkdir(parents=True, exist_ok=True)

basic_auth = [f"{_name}:{_password}"]
address = os.environ.get("FLOWER_ADDRESS", "127.0.0.1")
url_prefix = os.environ.get("FLOWER_URL_PREFIX", "").strip("/")
xheaders = bool(url_prefix)  # then a proxy stands before it, and tells whom it speaks for

persistent = True
db = str(_var / "flower")
state_save_interval = 60_000  # milliseconds
max_tasks = 10_000
purge_offline_workers = 3_600  # seconds

enable_events = True
tasks_columns = "name,routing_key,state,received,started,runtime,worker,uuid"


def format_task(task: Any) -> Any:
    """Our tasks have neither arguments nor results; what somebody sends by hand is not shown."""
    task.args = task.kwargs = task.result = ""
    return task
