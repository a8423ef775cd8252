from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.fleet.control import ControlServer, _locked, _path, _unlock, ask, wait_until_down


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
        assert sorted(path.name for path in _path(file).parent.iterdir()) == [
            _path(file).name,
            f"{_path(file).name}.lock",
        ]
    assert ask(file, "status") is None
    wait_until_down(file)
    assert not list(_path(file).parent.iterdir())


@pytest.mark.parametrize("asked", [False, True])
def test_control_removes_what_a_killed_fleet_left(tmp_path: Path, asked: bool) -> None:
    file = tmp_path / "fleet.toml"
    path = _path(file)
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    path.with_suffix(".lock").touch()
    if asked:
        assert ask(file, "status") is None
    else:
        ControlServer(tmp_path / "other.toml", lambda command: {}).close()
    assert not list(path.parent.iterdir())


def test_control_lock_that_was_removed_is_taken_once(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    first = _locked(path)
    assert first is not None
    assert _locked(path) is None
    _unlock(path, first)
    second = _locked(path)
    assert second is not None
    assert _locked(path) is None
    _unlock(path, second)


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
