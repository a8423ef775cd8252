"""Formats of log lines."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import datetime, timezone
from typing import Any

import pytest

from edge import console
from edge.log_format import LineFormatter


def record(message: str, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("meshcast.sources", logging.WARNING, "", 0, message, None, None)
    made.__dict__.update(extra)
    return made


def test_line_formatter_plain_line_is_the_message() -> None:
    assert LineFormatter("plain").format(record("\x1b[2Jno\nanswer")) == r"meshcast: \x1b[2Jno\nanswer"


def test_line_formatter_text_line_has_time_level_and_logger() -> None:
    line = LineFormatter("text").format(record("no answer"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING meshcast\.sources: no answer", line)


def test_line_formatter_json_line_is_one_object_with_utc_time() -> None:
    before = datetime.now(timezone.utc)
    line = LineFormatter("json").format(record("no\nanswer \u202e", stream="cam0"))
    fields = json.loads(line)
    moment = datetime.fromisoformat(fields.pop("ts").replace("Z", "+00:00"))
    assert abs((moment - before).total_seconds()) < 5
    message = r"no\nanswer \u202e"
    assert fields == {"level": "warning", "logger": "meshcast.sources", "message": message, "stream": "cam0"}
    assert "\n" not in line


def test_line_formatter_json_line_names_the_stream_of_its_thread() -> None:
    lines: list[str] = []
    thread = threading.Thread(
        target=lambda: lines.append(LineFormatter("json").format(record("x"))), name="meshcast-reader-cam-1"
    )
    thread.start()
    thread.join()
    assert json.loads(lines[0])["stream"] == "cam-1"


def test_line_formatter_json_line_contains_the_exception() -> None:
    try:
        raise ValueError("\x1b")
    except ValueError:
        made = record("failed", exc_info=sys.exc_info())
    fields = json.loads(LineFormatter("json").format(made))
    assert fields["exception"].endswith("ValueError: \\x1b")


def test_console_messages_use_the_log_format(capsys: pytest.CaptureFixture[str]) -> None:
    console.prepare()
    console.configure(logging.WARNING, None)
    console.error("no such file", "bridge vmc")
    logging.getLogger("meshcast.x").info("not shown")
    logging.getLogger("other.library").warning("shown %s")
    console.configure(logging.WARNING, "json")
    console.error("no such file", "bridge vmc")
    plain, library, as_json = capsys.readouterr().err.splitlines()
    assert plain == "meshcast bridge vmc: no such file"
    assert library == "meshcast: shown %s"
    assert json.loads(as_json)["logger"] == "meshcast.bridge.vmc"
    console.configure(logging.WARNING, None)
