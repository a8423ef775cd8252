from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.fleet.control import ControlServer, _path, ask, wait_until_down


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("c")))


def test_control_answers_requests_for_its_file(tmp_path: Path) -> None:
    file, other = tmp_path / "fleet.toml", tmp_path / "other.toml"
    assert ask(file, "status") is None
    with ControlServer(file, lambda command: {"asked": command}):
        assert ask(tmp_path / "." / "fleet.toml", "status") == {"asked": "status"}
        assert ask(other, "status") is None
        assert _path(file).parent.stat().st_mode & 0o077 == 0
    assert ask(file, "status") is None
    wait_until_down(file)


def test_control_second_fleet_of_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    with ControlServer(file, lambda command: {}):
        with pytest.raises(ConfigError, match="is running already"):
            ControlServer(file, lambda command: {})
        assert ask(file, "status") == {}
    with ControlServer(file, lambda command: {"again": True}):
        assert ask(file, "status") == {"again": True}


@pytest.mark.parametrize("sent", [b"", b"\n", b"{]\n", b"[1]\n", b"x" * 10_000])
def test_control_damaged_request_leaves_it_answering(tmp_path: Path, sent: bytes) -> None:
    file = tmp_path / "fleet.toml"
    with ControlServer(file, lambda command: {"asked": command}):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(_path(file)))
            client.sendall(sent)
        assert ask(file, "down") == {"asked": "down"}
