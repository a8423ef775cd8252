"""`meshcast record` as a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mcap.reader import make_reader

from edge.cli.main import main
from edge.sinks.output_file import OutputFile
from meshcast.protocol.layout import Kind
from tests.support.recordings import PATIENCE_S, kinds, publisher_to_record

PROGRAM = "import sys; from edge.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def address() -> Iterator[str]:
    with publisher_to_record() as made:
        yield made


@contextmanager
def recording_program(address: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """`meshcast record` in a process of its own, once there is something on the disk."""
    places = os.pathsep.join([*sys.path, os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "record", address, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": places},
    ) as process:
        part = path.with_name(f"{path.name}.part")
        end_s = time.monotonic() + PATIENCE_S
        while not (part.exists() and part.stat().st_size > 8 and len(kinds(part)) > 3):
            assert time.monotonic() < end_s
            assert process.poll() is None
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_record_command_signal_leaves_complete_file(address: str, tmp_path: Path, number: signal.Signals) -> None:
    with recording_program(address, tmp_path / "a.mcap") as process:
        process.send_signal(number)
        said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert said.startswith(f"wrote {tmp_path / 'a.mcap'}: ")
    assert errors.splitlines()[0] == f"meshcast record: subscribed to {address}; stop with Ctrl-C"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]
    with (tmp_path / "a.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == len(kinds(tmp_path / "a.mcap")) > 3


def test_record_command_killed_leaves_readable_part(address: str, tmp_path: Path) -> None:
    with recording_program(address, tmp_path / "a.mcap") as process:
        process.kill()
        process.wait(PATIENCE_S)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap.part"]
    left = kinds(tmp_path / "a.mcap.part")
    assert len(left) > 3
    assert Kind.MODEL in [kind for _, kind, _ in left]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["localhost", "a.mcap"], 1, "localhost: not an address"),
        (["tcp://127.0.0.1:5556", "a.npz"], 1, "unsupported file type; use .mcap"),
        (["tcp://127.0.0.1:5556", "nowhere/a.mcap"], 1, "nowhere does not exist"),
        (["tcp://127.0.0.1:5556", "a.mcap", "--levels", "meshes"], 1, "unknown level 'meshes'"),
        (["tcp://127.0.0.1:5556", "taken.mcap"], 1, "another program is writing this file"),
    ],
)
def test_record_command_unusable_option_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = OutputFile("taken.mcap", salvageable=True)
    assert main(["record", *words]) == code
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("stop with Ctrl-C")]
    assert len(errors) == 1
    assert said in errors[0]
    assert [path.name for path in tmp_path.iterdir()] == ["taken.mcap.part"]
    taken.discard()
