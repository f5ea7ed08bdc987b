"""Log lines: one JSON object a line for machines, a plain line on a terminal.

An object has `time` (UTC, RFC 3339), `level`, `logger` and `message`; that of a request also what `requests.py` notes,
and that of a training its `job`. A traceback is in `exception`, so that it stays in one line.
"""

from __future__ import annotations

import json
import logging
import sys

from app.http.times import as_rfc3339

FIELDS = "fields"  # the attribute of a record with its further members, from `extra=`

LOGGING = {  # for the service's process, every worker and every supervisor
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "app.observability.logs.formatter_for_stderr"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"alembic.runtime.plugins": {"level": "WARNING"}},
}


def formatter_for_stderr() -> logging.Formatter:
    """Plain lines if stderr is a terminal, else JSON."""
    return PlainFormatter() if sys.stderr.isatty() else JSONFormatter()


class JSONFormatter(logging.Formatter):
    """Formats a record as a JSON object without line ends."""

    def format(self, record: logging.LogRecord) -> str:
        """The object."""
        members = {
            "time": as_rfc3339(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return json.dumps(members, ensure_ascii=False, default=str)


class PlainFormatter(logging.Formatter):
    """Formats a record as a line for people, with its further members at the end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, without a traceback, which follows it."""
        members = getattr(record, FIELDS, {}).items()
        return super().formatMessage(record) + "".join(f" {name}={value}" for name, value in members)
