"""What is logged, and where to."""

from typing import Any

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_NOISY = ("httpx", "celery.app.trace", "celery.worker.strategy", "celery.beat")
"""httpx names every URL it calls at INFO, and query strings do not belong in a log. Celery tells of each tick it sends
and receives: several lines a second that say nothing."""


def configuration(level: str) -> dict[str, Any]:
    """Everything goes to the console, from this level on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {name: {"level": "WARNING"} for name in _NOISY},
    }
