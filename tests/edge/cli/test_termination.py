"""SIGTERM ends long-running commands like Ctrl-C; a service manager is notified."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import keys
from edge.cli.main import main
from edge.errors import EXIT_WHOLE

MAIN = (sys.executable, "-m", "edge.cli.main")
NOWHERE = "ipc://@meshcast-nobody-publishes-here"
PATIENCE_S = 30.0  # a limit for failures only


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "words",
    [
        ("watch", NOWHERE),
        ("bridge", "vmc", NOWHERE, "--to", "127.0.0.1:9"),
        ("bridge", "websocket", NOWHERE, "--listen", "127.0.0.1:0", "--no-page"),
    ],
)
def test_command_waiting_for_packets_signal_ends_it_cleanly(
    words: tuple[str, ...], number: signal.Signals, tmp_path: Path
) -> None:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        subprocess.Popen(
            (*MAIN, *words), stderr=subprocess.PIPE, text=True, env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "n")}
        ) as process,
    ):
        manager.bind(str(tmp_path / "n"))
        manager.settimeout(PATIENCE_S)
        assert process.stderr is not None
        assert process.stderr.readline().endswith("stop with Ctrl-C\n")
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == EXIT_WHOLE
        assert process.stderr.read() == ""
        if words[0] == "bridge":
            heard = ""
            while "STOPPING=1" not in heard:
                heard = manager.recv(4096).decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_main_signal_within_command_sets_exit_code(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    monkeypatch.setattr(keys, "run_show", lambda args: signal.raise_signal(number))
    assert main(["keys", "show", "a.key"]) == 128 + number
    assert capsys.readouterr().err == "meshcast: interrupted\n"
    assert signal.getsignal(number) is before
