"""The Celery application. What runs where, how often and how fast stands in `tasks/queues.py`."""

import importlib
import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, setup_logging, worker_init
from django.conf import settings
from django_structlog.celery.signals import bind_extra_task_metadata
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.correlation import begin_task
from tasks.second_path import SecondPath, Topology
from tasks.threads import Shared

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# The web processes and `migrate` look whether everything fits together; a worker would load every page for it.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("hospital")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].update({Topology, DjangoStructLogInitStep})
app.steps["consumer"].update({SecondPath, Shared})
bind_extra_task_metadata.connect(begin_task)


@before_task_publish.connect
def _let_the_worker_drop_what_expires(properties: dict[str, Any], **_: Any) -> None:
    """A tick that expires *in* RabbitMQ becomes a dead letter; the worker drops it by its header, without a trace."""
    properties.pop("expiration", None)


@setup_logging.connect
def _log_like_everybody(**_: Any) -> None:
    """Celery adds no handlers of its own: worker, beat and Flower write the same lines."""
    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def _trace(**_: Any) -> None:
    """Before the processes are forked; what sends the traces begins anew in each."""
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        importlib.import_module("config.telemetry").start()
