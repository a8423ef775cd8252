"""Run pip with one line of progress per step: `python tools/install.py ARGUMENTS of pip install`.

pip itself is either silent for minutes or very verbose. Its whole output is in build/install.log; when pip fails, the
end of the log is printed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

LOG = Path("build/install.log")
STILL_EVERY_S = 5.0
SHOWN_ON_FAILURE = 25

COLLECTING = re.compile(r"^\s*Collecting (\S+)")
DOWNLOADING = re.compile(r"^\s*Downloading (?:\S+/)?([A-Za-z0-9_.]+?)-[0-9]\S* \(([^)]+)\)")
COMPILING = re.compile(r"^\s*\[(\d+)/(\d+)\] (?!Re-checking)")
STEPS = (
    (re.compile(r"Installing build dependencies: started"), "installing the build tools"),
    (re.compile(r"Building (?:editable|wheel) for (\S+).*: started"), "building {0}"),
    (re.compile(r"native operators are not built"), "no C++ compiler: the slower NumPy operators are used"),
    (re.compile(r"^\s*Installing collected packages"), "installing what was downloaded"),
)


def step(line: str) -> str | None:
    """The progress message of a line of pip's output, or None."""
    if match := COMPILING.match(line):
        return f"compiling {match[1]} of {match[2]}"
    if match := DOWNLOADING.match(line):
        return f"downloading {match[1]} ({match[2]})"
    if match := COLLECTING.match(line):
        return f"looking for {match[1]}"
    for pattern, text in STEPS:
        if match := pattern.search(line):
            return text.format(*match.groups())
    return None


class Progress:
    """Prints steps with the time since the start, and repeats the current step every few seconds."""

    def __init__(self) -> None:
        self._start_s = self._shown_s = time.monotonic()
        self._last = "starting pip"
        self._lock = threading.Lock()

    def show(self, text: str) -> None:
        with self._lock:
            if text != self._last:
                self._last = text
                self._print(text)

    def still(self) -> None:
        with self._lock:
            if time.monotonic() - self._shown_s >= STILL_EVERY_S:
                self._print(f"still {self._last}")

    def _print(self, text: str) -> None:
        self._shown_s = time.monotonic()
        print(f"  {self._shown_s - self._start_s:4.0f} s  {text}", flush=True)


def main(arguments: list[str]) -> int:
    """Run `pip install ARGUMENTS` in this Python; returns pip's exit code."""
    LOG.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", "-v"]
    progress, ended = Progress(), threading.Event()

    def heartbeat() -> None:
        while not ended.wait(1.0):
            progress.still()

    threading.Thread(target=heartbeat, daemon=True).start()
    with LOG.open("w", encoding="utf-8") as log:
        pip = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                log.write(line)
                if text := step(line):
                    progress.show(text)
            code = pip.wait()
        except KeyboardInterrupt:
            pip.wait()
            return 130
        finally:
            ended.set()
    if code:
        lines = LOG.read_text(encoding="utf-8").splitlines()
        print(*(line for line in lines[-SHOWN_ON_FAILURE:] if not is_noise(line)), sep="\n", file=sys.stderr)
        print(f"error: pip failed with exit code {code}; its whole output is in {LOG}", file=sys.stderr)
    return code


def is_noise(line: str) -> bool:
    """Whether a line is a notice of pip without a relation to the failure."""
    return bool(re.search(r"Location '.*' is ignored|A new release of pip|notice\]", line))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
