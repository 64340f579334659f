"""The Celery application. What runs where, how often and how fast stands in `tasks/queues.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("hospital")
app.config_from_object("django.conf:settings", namespace="CELERY")
