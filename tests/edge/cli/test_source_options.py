"""Passwords in source addresses never appear in messages and files."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.commands import Command, report

SECRET = "s3cret"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(blank_clip: Path) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(blank_clip.parent))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_run_source_password_is_never_shown(meshcast: Command, server: int, tmp_path: Path, blank_clip: Path) -> None:
    uri = f"HTTP://me:{SECRET}@127.0.0.1:{server}/{blank_clip.name}?token={SECRET}"
    said = meshcast(
        *("run", uri, uri, "--save", tmp_path / "{stream}.npz", "--summary", tmp_path / "s.json"),
        *("--trace", tmp_path / "t.json", "--publish", "inproc://secrets", "--max-frames", "2"),
    )
    assert said.code == 0, said.err
    written = sorted(tmp_path.iterdir())
    assert len(written) == 4
    for path in written:
        assert SECRET not in path.name
        assert SECRET.encode() not in path.read_bytes()
    assert SECRET not in said.out + said.err
    streams = report(tmp_path / "s.json")["streams"]
    assert {stream["source"] for stream in streams.values()} == {
        f"http://127.0.0.1:{server}/{blank_clip.name}?token=***"
    }


@pytest.mark.parametrize("command", [("run",), ("bench", "--frames", "1"), ("eval", "--truth", "t.npz")])
def test_command_invalid_address_redacts_password(meshcast: Command, command: tuple[str, ...]) -> None:
    for uri in (f"rtsp://me:{SECRET}#@host/x", f"rtps://me:{SECRET}@host/x", f"me:{SECRET}@host/x"):
        said = meshcast(*command, uri)
        assert said.code != 0
        assert SECRET not in said.out + said.err
