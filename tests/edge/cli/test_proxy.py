"""`meshcast proxy` as a command."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from edge.cli.main import main
from edge.wire.keys import new_keys
from meshcast.subscriber import subscribe
from tests.support.paths import ROOT
from tests.support.proxies import PATIENCE_S
from tests.support.sender import Sender

HERE = ["--publish", "tcp://127.0.0.1:0"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["tcp://127.0.0.1:1"], 2, "--publish: missing"),
        (["tcp://127.0.0.1:1", "--publish", "tcp://*:0"], 1, "refusing to bind a public address without encryption"),
        (["tcp://127.0.0.1:0", *HERE], 1, "tcp://127.0.0.1:0: invalid connect address"),
        (["door", *HERE], 1, "door: not an address"),
        (["tcp://a:1", "tcp://a:1", *HERE], 2, "tcp://a:1: given twice; name each publisher once"),
        (["tcp://a:1", *HERE, "--server", "a.pub"], 2, "--server: needs the proxy's own key too"),
        (["tcp://a:1", *HERE, "--client-curve", "proxy.key"], 2, "add --server SERVER.pub"),
        (
            ["tcp://a:1", *HERE, "--client-curve", "none.key", "--server", "proxy.pub"],
            1,
            "none.key: there is no such file",
        ),
        (["tcp://a:1", *HERE, "--curve", "proxy.key"], 2, "--curve: needs the authorized clients too"),
        (["tcp://a:1", *HERE, "--metrics-token-file", "token"], 2, "--metrics-token-file: needs --metrics"),
        (["tcp://a:1", *HERE, "--metrics", "0.0.0.0:0"], 1, "anyone who reaches this machine could read the metrics"),
    ],
)
def test_proxy_command_wrong_input_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    new_keys(tmp_path / "proxy")
    assert main(["proxy", *words]) == code
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert said in errors[0]


def test_proxy_command_forwards_until_ctrl_c() -> None:
    with Sender() as sender:
        words = ["-m", "edge.cli.main", "proxy", sender.address, *HERE, "--metrics", "127.0.0.1:0"]
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line.startswith(f"meshcast proxy: publishing {sender.address} at tcp://127.0.0.1:"), line
            address, metrics = (part.split(" at ")[-1].split(";")[0] for part in line.split(", "))
            with subscribe(address, timeout_s=PATIENCE_S) as packets:
                assert next(packets).stream == "cam0"
            with urllib.request.urlopen(metrics, timeout=PATIENCE_S) as answer:
                assert 'meshcast_proxy_messages_total{kind="mesh"}' in answer.read().decode()
            with urllib.request.urlopen(metrics.replace("/metrics", "/readyz"), timeout=PATIENCE_S) as answer:
                assert answer.read() == b"ok\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()
            process.wait()
