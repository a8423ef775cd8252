"""Lines of the log and messages of commands: plain, with time and level, or as JSON objects."""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime, timezone
from typing import Literal

from edge.text import one_line, printable

LogFormat = Literal["plain", "text", "json"]

_THREAD = re.compile(r"meshcast-(?:reader|track_people|recover_meshes|output)-(.+)")  # the name ends with the stream


class LineFormatter(logging.Formatter):
    """Makes the lines of a log record.

    plain: `meshcast: MESSAGE`, or `meshcast COMMAND: MESSAGE` for messages of a command. text: time, level and logger
    before it. json: an object with ts (RFC 3339, UTC), level, logger, message, and stream and exception where known.
    """

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        message = one_line(record.getMessage())
        trace = printable(self.formatException(record.exc_info)) if record.exc_info else ""
        if self._form == "json":
            return self._json(record, message, trace)
        command = getattr(record, "command", "")
        subject = f"meshcast {command}" if command else "meshcast"
        line = f"{subject}: {message}"
        if self._form == "text":
            line = f"{_time(record)} {record.levelname} {record.name}: {message}"
        return f"{line}\n{trace}" if trace else line

    def _json(self, record: logging.LogRecord, message: str, trace: str) -> str:
        fields = {
            "ts": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            "stream": stream_of(record),
            "exception": trace,
        }
        return json.dumps({key: value for key, value in fields.items() if value})


def record_of(message: str, level: int, command: str) -> logging.LogRecord:
    """A message of a command as a record of the logger `meshcast.COMMAND`."""
    name = f"meshcast.{command.replace(' ', '.')}" if command else "meshcast"
    record = logging.LogRecord(name, level, "", 0, message, None, None)
    record.command = command
    return record


def stream_of(record: logging.LogRecord) -> str:
    """The stream of a record: its own (`extra={"stream": ...}`), else its thread's."""
    named = getattr(record, "stream", "")
    thread = _THREAD.fullmatch(record.threadName or "")
    return str(named) if named else one_line(thread.group(1)) if thread else ""


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
