"""The wsgi entry point: the front door, and Django behind it."""

import importlib
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
    importlib.import_module("config.telemetry").start()

django = get_wsgi_application()

from config.door.app import Door  # noqa: E402  Django must be set up first

application = Door(django)
