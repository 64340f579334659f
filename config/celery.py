"""The Celery application. What runs where, how often and how fast stands in `tasks/queues.py`."""

import os

from celery import Celery

from tasks.second_path import SecondPath, Topology

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("hospital")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(Topology)
app.steps["consumer"].add(SecondPath)
