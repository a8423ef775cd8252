"""Standard output and standard error: the one place where this program writes to them.

Results go to standard output (`out`), messages and the log to standard error (`note`, `warn`, `error`). All of it
passes `edge.text`, so that nothing in a packet, card or file name steers a terminal. A reader that goes away
(`| head`), a full disk and a stream that was closed before the start never end a command half-way.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import threading
from types import TracebackType
from typing import IO, Literal, cast

from edge.log_format import LineFormatter, LogFormat, record_of
from edge.text import one_line, printable


class Channel(io.TextIOBase):
    """Standard output or standard error, as it is at the moment of each write, which never raises.

    stream: write to this one instead of what `sys` names. `failure` says why something could not be written, empty
    where nothing failed or its reader has gone.
    """

    def __init__(self, name: Literal["stdout", "stderr"], stream: IO[str] | None = None) -> None:
        super().__init__()
        self._name = name
        self._fixed = stream
        self.failure = ""
        self.gone = False

    def reset(self) -> None:
        """Clear failures, for the next command in this process."""
        self.failure, self.gone = "", False

    def write(self, text: str) -> int:
        """Write and flush."""
        stream = self._stream
        if stream is not None and not self.gone:
            try:
                stream.write(text)
                stream.flush()
            except (OSError, ValueError) as error:  # ValueError: it was closed
                self._lose(stream, error)
        return len(text)

    def flush(self) -> None:
        """Does nothing: write() flushes."""

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        stream = self._stream
        return stream is not None and not self.gone and bool(stream.isatty())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def fileno(self) -> int:
        """The descriptor, for queries of the terminal size."""
        return self._stream.fileno() if self._stream is not None else -1

    @property
    def _stream(self) -> IO[str] | None:
        stream: IO[str] | None = getattr(sys, self._name) if self._fixed is None else self._fixed
        return stream

    def _lose(self, stream: IO[str], error: OSError | ValueError) -> None:
        """Redirect the descriptor to /dev/null for buffered text and the interpreter's final flush."""
        self.gone = True
        if isinstance(error, OSError) and error.errno not in (errno.EPIPE, errno.ESHUTDOWN):
            self.failure = error.strerror or str(error)
        try:
            sink = os.open(os.devnull, os.O_WRONLY)
        except OSError:
            return
        try:
            os.dup2(sink, stream.fileno())
        except (OSError, ValueError, AttributeError):  # it has no descriptor, or is closed
            pass
        finally:
            os.close(sink)


# Native libraries write to the descriptor itself, in forms of their own; they read these when they are loaded.
NATIVE_LOGS = {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}

_Caught = tuple[type[BaseException], BaseException, TracebackType | None]

stdout = Channel("stdout")
stderr = Channel("stderr")

_form: LogFormat = "plain"


def prepare() -> None:
    """Make the standard streams usable in any environment; call before any file is opened.

    Closed descriptors become /dev/null: files that are opened later would otherwise take their numbers, and receive
    what is printed. Characters that the encoding of a stream lacks are written as escapes.
    """
    global _form
    _form = "plain"
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if _is_closed(number):
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    stdout.reset()
    stderr.reset()


def configure(level: int, form: LogFormat | None) -> None:
    """Send the log of this program and its libraries to standard error.

    Args:
        level: the least level that is shown, as in `logging`.
        form: of the lines; None is plain. On a terminal, text is plain too.
    """
    global _form
    _form = "plain" if form is None or (form == "text" and stderr.isatty()) else form
    handler = _Handler()
    handler.setFormatter(LineFormatter(_form))
    root = logging.getLogger()
    for other in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level)
    for variable, value in NATIVE_LOGS.items():
        os.environ.setdefault(variable, value)
    logging.captureWarnings(True)
    # Uncaught exceptions use the same format; hooks other than Python's own (a test runner's) stay.
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = lambda kind, error, trace: _uncaught((kind, error, trace), "it")
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _uncaught_in_thread


def out(text: str) -> bool:
    """Print a result of one or more lines; False once standard output has no reader."""
    stdout.write(printable(text) + "\n")
    return not stdout.gone


def note(message: str, command: str = "") -> None:
    """Print an informational message to standard error, regardless of the log level."""
    _print(message, logging.INFO, command)


def warn(message: str, command: str = "") -> None:
    """Print a warning to standard error."""
    _print(message, logging.WARNING, command)


def error(message: str, command: str = "") -> None:
    """Print the error that ends the command to standard error."""
    _print(message, logging.ERROR, command)


def line(text: str) -> None:
    """A line on standard error without a prefix where the log is plain, for example the closing line of a run."""
    if _form == "plain":
        stderr.write(one_line(text) + "\n")
    else:
        _print(text, logging.INFO, "")


def interactive() -> bool:
    """Whether moving bars and lines may be drawn on standard error."""
    return _form != "json" and stderr.isatty()


def terminal() -> IO[str]:
    """Standard error as it is now, for bars: while they are drawn, `sys.stderr` leads through them."""
    return cast("IO[str]", Channel("stderr", sys.stderr))


def _print(message: str, level: int, command: str) -> None:
    stderr.write(LineFormatter(_form).format(record_of(message, level, command)) + "\n")


def _uncaught(error: _Caught, where: str) -> None:
    text = "internal error; please report it with what is below" if where == "it" else f"internal error in {where}"
    record = record_of(text, logging.CRITICAL, "")
    record.exc_info = error
    stderr.write(LineFormatter(_form).format(record) + "\n")


def _uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None and not isinstance(hook.exc_value, SystemExit):
        name = hook.thread.name if hook.thread is not None else "a thread"
        _uncaught((hook.exc_type, hook.exc_value, hook.exc_traceback), name)


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False


class _Handler(logging.Handler):
    """Log records to standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception as error:  # a record whose arguments do not fit its text must not end a run
            text = f"meshcast: a log record of {record.name} cannot be formatted ({type(error).__name__})"
        stderr.write(text + "\n")
