"""`meshcast fleet` as a command, with one real camera."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from edge.cli.main import main
from meshcast.subscriber import subscribe
from tests.support.paths import ROOT
from tests.support.proxies import PATIENCE_S

FILE = """
[fleet]
publish = "tcp://127.0.0.1:0"
cpus = 1
[playback]
loop = true
pace = "realtime"
[monitoring]
metrics = "127.0.0.1:0"
[[source]]
uri = "synthetic:?people=1&fps=5&size=320x240"
name = "door"
"""


def test_fleet_up_status_reload_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(FILE, encoding="utf-8")
    words = ["-m", "edge.cli.main", "fleet", "up", str(path)]
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "1 camera on this machine at tcp://127.0.0.1:" in line, line
        address, metrics = (part.split(" at ")[-1].split(";")[0].strip() for part in line.split(", "))
        assert main(["fleet", "up", str(path)]) == 1
        assert "is running already" in capsys.readouterr().err
        with subscribe(address, timeout_s=PATIENCE_S) as packets:
            assert next(packets).stream == "door"
        assert main(["fleet", "status", str(path), "--json"]) in (0, 3)
        status = json.loads(capsys.readouterr().out)
        assert [camera["name"] for camera in status["cameras"]] == ["door"]
        with urllib.request.urlopen(metrics, timeout=PATIENCE_S) as answer:
            assert 'meshcast_fleet_camera_restarts_total{camera="door"} 0.0' in answer.read().decode()
        assert main(["fleet", "reload", str(path)]) == 0
        assert capsys.readouterr().out == "nothing has changed\n"
        path.write_text(FILE.replace("cpus", "cpu"), encoding="utf-8")
        assert main(["fleet", "reload", str(path)]) == 1
        assert "fleet.cpu: no such key (did you mean cpus?)" in capsys.readouterr().err
        assert main(["fleet", "down", str(path)]) == 0
        assert process.wait(PATIENCE_S) == 0
        assert main(["fleet", "down", str(path)]) == 0
        assert "is not running" in capsys.readouterr().err
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("command", ["status", "reload"])
def test_fleet_that_does_not_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main(["fleet", command, str(tmp_path / "none.toml")]) == 1
    assert "this fleet is not running; start it with meshcast fleet up" in capsys.readouterr().err


def test_fleet_up_without_a_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "up", str(tmp_path / "none.toml")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
