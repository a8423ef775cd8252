"""`meshcast bridge websocket` as a command."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import bridge_websocket
from edge.errors import EXIT_WHOLE
from edge.wire.publisher import Publisher
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import ModelPacket
from tests.support import golden_packets
from tests.support.paths import ROOT
from tests.support.websocket_bridge import PATIENCE_S, answer, join, write_page

SCRIPT = """
import argparse, sys
from edge.cli import bridge_websocket
assert not {"zmq", "numpy", "websockets"} & set(sys.modules), "the command line must stay light"
parser = argparse.ArgumentParser()
bridge_websocket.add_parser(parser.add_subparsers())
args = parser.parse_args(sys.argv[1:])
sys.exit(args.run(args))
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return write_page(tmp_path)


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bridge_websocket.add_parser(parser.add_subparsers())
    return parser.parse_args(["websocket", *words])


def test_websocket_command_serves_until_interrupted(page: Path) -> None:
    with (
        Publisher("tcp://127.0.0.1:0", golden_packets.rigged(), streams=["cam0"]) as publisher,
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "websocket", publisher.address, "--listen", "127.0.0.1:0", "--page", page],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        ) as process,
    ):
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            assert line.startswith(f"meshcast bridge: serving {publisher.address} at http://127.0.0.1:")
            url = line.split(" at ")[1].split()[0].replace("http", "ws", 1)
            assert answer(url, "/")[2] == b"this is index.html"
            with join(url) as browser:
                assert isinstance(decode(browser.recv(PATIENCE_S)), ModelPacket)
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait(PATIENCE_S) == EXIT_WHOLE
        finally:
            process.kill()  # after a failure the end of the block would wait for it
    assert rest == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["localhost"], "localhost: not an address; use tcp://"),
        (["tcp://127.0.0.1:1", "--listen", "0.0.0.0:0"], "a public address needs access control"),
        (["tcp://127.0.0.1:1", "--host", "http://station"], "invalid host name"),
        (["tcp://127.0.0.1:1", "--token-file", "/nowhere/token"], "cannot be created"),
        (["tcp://127.0.0.1:1", "--page", "/nowhere"], "index.html is missing"),
        (["tcp://127.0.0.1:1", "--origin", "example.org"], "invalid origin"),
        (["tcp://127.0.0.1:1", "--tls", "/nowhere.pem", "/nowhere.key"], "invalid certificate or key"),
    ],
)
def test_websocket_command_unusable_option_raises(words: list[str], message: str) -> None:
    with pytest.raises(Exception, match=message):
        bridge_websocket.run(parse(*words))


@pytest.mark.parametrize("words", [["--max-clients", "0"], ["--tls", "one"], ["--max-clients", "many"]])
def test_websocket_command_option_out_of_range_is_usage_error(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse("tcp://127.0.0.1:5556", *words)
    assert caught.value.code == 2
