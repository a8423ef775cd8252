"""Standard streams that are closed or full, in real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE

MAIN = (sys.executable, "-m", "edge.cli.main")


def test_console_closed_pipe_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run((*MAIN, "models"), stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (EXIT_WHOLE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("word", ["models", "--help"])
def test_console_full_disk_is_one_line_error(word: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run((*MAIN, word), stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == EXIT_PARTIAL
    assert done.stderr == b"meshcast: standard output: No space left on device; the output is incomplete\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_console_closed_streams_do_not_corrupt_files(closed: str, tmp_path: Path) -> None:
    """A file that took the descriptor of a closed stream would receive what is printed."""
    command = f'"$0" -m edge.cli.main keys new --folder "$1" server {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable, tmp_path], capture_output=True, timeout=60, check=False)
    assert done.returncode == EXIT_WHOLE
    assert b"Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.key", "server.pub"]
    assert b"wrote" not in (tmp_path / "server.key").read_bytes() + (tmp_path / "server.pub").read_bytes()


def test_console_undecodable_names_are_escaped(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    words = (*MAIN, "keys", "new", "--folder", folder, "server")
    done = subprocess.run(words, capture_output=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (EXIT_WHOLE, b"")
    assert rb"caf\xe9/server.key (secret)" in done.stdout
    assert os.path.exists(folder + b"/server.key")


def test_console_json_log_covers_usage_errors() -> None:
    done = subprocess.run(
        (*MAIN, "models", "--log-format", "json", "nope"), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == EXIT_USAGE
    assert done.stderr.startswith(b'{"ts": "')
    assert b"unknown model 'nope'" in done.stderr


def test_console_uncaught_error_is_escaped() -> None:
    script = (
        "import logging, threading\n"
        "from edge import console\n"
        "console.prepare()\n"
        "console.configure(logging.WARNING, None)\n"
        "def fail(): raise ValueError('\\x1b[2J\\u202e')\n"
        "thread = threading.Thread(target=fail, name='worker')\n"
        "thread.start(); thread.join()\n"
        "fail()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stderr
    assert done.stderr.count(rb"ValueError: \x1b[2J\u202e") == 2
    assert b"internal error in worker" in done.stderr


def test_console_unwritable_current_folder_is_no_error() -> None:
    command = 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$0" -m edge.cli.main models'
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == EXIT_WHOLE
    assert done.stderr == b""
