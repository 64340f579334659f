"""What is logged, and where to: one line an event to the console, as JSON for machines or as text for people.

Every line of a request, and of the tasks that came of it, has its `request_id` (`config/correlation.py`). Nothing is
written before `config/masking.py` has looked at it: the message with its arguments, the fields, the trace of an error.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.contextvars import merge_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from config.masking import clean

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS = ("json", "text")

FIELDS = ("msgid", "infno", "lane", "purpose", "outcome", "seconds")
"""What may be given with a line as `extra`. Libraries add theirs (Celery: arguments, the trace once more): left out."""

_LEVELS = {
    "httpx": "WARNING",
    "httpcore": "WARNING",
    "django.db.backends": "WARNING",
    "celery.app.trace": "WARNING",
    "celery.worker.strategy": "WARNING",
    "celery.beat": "WARNING",
    "django_structlog.celery.receivers": "CRITICAL",
}
"""httpx and httpcore name every URL they call, and query strings do not belong in a log; nor does SQL with its values.
Celery tells of each tick it sends and receives: several lines a second that say nothing. What goes wrong with a task it
says itself; django-structlog would say it again."""

_TAKEN_OVER = ("django", "django.server", "uvicorn", "uvicorn.error")
"""Django and uvicorn give these handlers of their own: they mask nothing; mail_admins would send the whole request."""

Event = MutableMapping[str, Any]


def _without_personal_data(logger: Any, method: str, event: Event) -> Mapping[str, Any]:
    """The last step before a line is made."""
    cleaned: Mapping[str, Any] = clean(event)
    return cleaned


_CONTEXT = [
    merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
]
_RENDERERS = {
    "json": structlog.processors.JSONRenderer(ensure_ascii=False),
    "text": structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False),
}

STRUCTLOG: dict[str, Any] = {
    "processors": [structlog.stdlib.filter_by_level, *_CONTEXT, ProcessorFormatter.wrap_for_formatter],
    "logger_factory": structlog.stdlib.LoggerFactory(),
    "wrapper_class": structlog.stdlib.BoundLogger,
    "cache_logger_on_first_use": True,
}
"""For libraries that log by structlog: through the same handler as everybody."""


def configuration(level: str, form: str) -> dict[str, Any]:
    """Everything goes to the console, from this level on. `form` is one of `FORMATS`."""
    formatter = {
        "()": ProcessorFormatter,
        "foreign_pre_chain": [*_CONTEXT, ExtraAdder(allow=FIELDS)],
        "processors": [
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _without_personal_data,
            _RENDERERS[form],
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {name: {"level": least} for name, least in _LEVELS.items()}
        | {name: {"handlers": [], "propagate": True, "level": "INFO"} for name in _TAKEN_OVER},
    }
