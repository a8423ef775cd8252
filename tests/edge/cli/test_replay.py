"""`meshcast replay` as a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcap.writer import Writer

from edge.cli.main import main
from tests.support.recordings import EACH_MESSAGE
from tests.support.replays import T_NS, key_folder, recording


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return key_folder(tmp_path)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a.mcap", "--publish", "tcp://*:0"], 1, "refusing to bind a public address without encryption"),
        (
            ["a.mcap", "--publish", "tcp://127.0.0.1:0", "--curve", "keys/server.key"],
            2,
            "--curve: needs the authorized clients too; add --allow FOLDER",
        ),
        (
            ["a.mcap", "--publish", "tcp://127.0.0.1:0", "--allow", "keys/clients"],
            2,
            "--allow: needs a server key too; add --curve",
        ),
        (["a.mcap", "--publish", "localhost"], 1, "localhost: not an address"),
        (["none.mcap", "--publish", "tcp://127.0.0.1:0"], 1, "none.mcap: cannot be read: No such file"),
        (["foreign.mcap", "--publish", "tcp://127.0.0.1:0"], 1, "foreign.mcap: not a recording"),
        (["others.mcap", "--publish", "tcp://127.0.0.1:0"], 1, "others.mcap: no frame"),
        (["a.mcap", "--publish", "tcp://127.0.0.1:0", "--start", "99"], 1, "no frame after 99 s"),
    ],
)
def test_replay_command_unusable_input_is_one_line(
    keys: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    recording(Path("a.mcap"))
    with Path("others.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start()
        writer.add_message(writer.register_channel("log", "json", 0), T_NS, b"{}", T_NS)
        writer.finish()
    Path("foreign.mcap").write_bytes(b"\0" * 100)
    assert main(["replay", *words]) == code
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("stop with Ctrl-C")]
    assert len(errors) == 1
    assert said in errors[0]


def test_replay_command_reports_truncation_and_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording(tmp_path / "a.mcap", frames=30, step_ns=1_000_000, flush_s=EACH_MESSAGE)
    whole = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[whole.index(b"zstd", len(whole) // 3) + 100] ^= 1
    (tmp_path / "damaged.mcap").write_bytes(damaged)
    assert main(["replay", str(tmp_path / "cut.mcap"), "--publish", "tcp://127.0.0.1:0"]) == 0
    assert "truncated; played up to the last complete chunk" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "damaged.mcap"), "--publish", "tcp://127.0.0.1:0"]) == 3
    assert "damaged.mcap: corrupted at byte" in capsys.readouterr().err
