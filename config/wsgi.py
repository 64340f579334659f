"""The wsgi entry point."""

import importlib
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
    importlib.import_module("config.telemetry").start()

application = get_wsgi_application()
