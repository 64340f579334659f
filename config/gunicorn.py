"""Gunicorn's own lines go where ours go: `--config python:config.gunicorn`. How many it is stands in the Procfile."""

from config.settings import LOGGING

_ours = {"gunicorn.error": {"handlers": [], "propagate": True, "level": LOGGING["root"]["level"]}}

logconfig_dict = LOGGING | {"loggers": LOGGING["loggers"] | _ours}
