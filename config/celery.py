"""The Celery application. What runs where, how often and how fast stands in `tasks/queues.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import before_task_publish

from tasks.second_path import SecondPath, Topology

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("hospital")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(Topology)
app.steps["consumer"].add(SecondPath)


@before_task_publish.connect
def _let_the_worker_drop_what_expires(properties: dict[str, Any], **_: Any) -> None:
    """A tick that expires *in* RabbitMQ becomes a dead letter; the worker drops it by its header, without a trace."""
    properties.pop("expiration", None)
