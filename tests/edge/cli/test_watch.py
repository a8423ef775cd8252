"""`meshcast watch` as a command."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.cli import watch
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE
from edge.types import Frame
from edge.wire.publisher import Publisher
from tests.support import golden_packets
from tests.support.paths import ROOT


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    watch.add_parser(parser.add_subparsers())
    return parser.parse_args(["watch", *words])


@pytest.fixture
def address() -> Iterator[str]:
    """Somewhere two people are published every few milliseconds."""
    stop = threading.Event()
    with Publisher("tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"]) as publisher:

        def work() -> None:
            index = 0
            while not stop.wait(0.003):
                frame = Frame("cam0", index, time.monotonic_ns(), 0.0, np.zeros((4, 6, 3), np.uint8))
                publisher.publish(frame, golden_packets.bodies(2))
                index += 1

        thread = threading.Thread(target=work)
        thread.start()
        yield publisher.address
        stop.set()
        thread.join()


def test_watch_prints_one_line_per_packet(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch.run(parse(address, "--count", "3", "--timeout", "20")) == EXIT_WHOLE
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("cam0 #")
        assert "lost 0 age " in line
        assert line.endswith(" 2 people: 7 0.50 (+0.00 +0.06 +0.12) m, 47 0.75 (+1.00 +1.06 +1.12) m")


def test_watch_json_prints_one_object_per_packet(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch.run(parse(address, "--count", "2", "--timeout", "20", "--json")) == EXIT_WHOLE
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert second["seq"] == first["seq"] + 1
    assert (first["stream"], first["model"], first["size"], first["unit"]) == ("cam0", "golden_body", [6, 4], "m")
    assert first["people"][1] == {"id": 47, "score": 0.75, "translation": [1.0, 1.0625, 1.125]}


def test_watch_timeout_without_packet_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch.run(parse(f"ipc://{tmp_path}/missing", "--timeout", "0.02")) == EXIT_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "/missing: no packet received within 0.02 s; check that a publisher" in captured.err.splitlines()[-1]


def test_watch_fewer_packets_than_count_is_partial(capsys: pytest.CaptureFixture[str]) -> None:
    publisher = Publisher("ipc://@meshcast-watch-test", golden_packets.model(), streams=["cam0"])
    code: list[int] = []
    words = [publisher.address, "--count", "1000000", "--timeout", "0.5"]
    thread = threading.Thread(target=lambda: code.append(watch.run(parse(*words))))
    thread.start()
    frame = Frame("cam0", 0, time.monotonic_ns(), 0.0, np.zeros((4, 6, 3), np.uint8))
    while not capsys.readouterr().out and thread.is_alive():
        publisher.publish(frame, golden_packets.bodies(0))
    publisher.close()
    thread.join()
    assert code == [EXIT_PARTIAL]


def test_watch_stream_end_is_printed_once_with_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with Publisher("ipc://@meshcast-end-test", golden_packets.model(), streams=["cam0"], status_s=0.01) as publisher:
        publisher.end("cam0", "the source disconnected")
        assert watch.run(parse(publisher.address, "--timeout", "0.3")) == EXIT_INPUT
    assert capsys.readouterr().err.count("cam0: stream ended: the source disconnected") == 1


def test_watch_control_characters_in_reason_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with Publisher("ipc://@meshcast-escape-test", golden_packets.model(), streams=["cam0"], status_s=0.01) as publisher:
        publisher.end("cam0", "\x1b]0;PWNED\x07\nmeshcast: forged \u202e")
        assert watch.run(parse(publisher.address, "--timeout", "0.3")) == EXIT_INPUT
    _, line, _ = capsys.readouterr().err.splitlines()
    assert line == r"meshcast watch: cam0: stream ended: \x1b]0;PWNED\x07\nmeshcast: forged \u202e"


def test_watch_invalid_address_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch.run(parse("localhost")) == EXIT_INPUT
    assert capsys.readouterr().err.startswith("meshcast watch: localhost: not an address; use tcp://")


@pytest.mark.parametrize("words", [["--count", "0"], ["--timeout", "0"], ["--timeout", "nan"], ["--count", "many"]])
def test_watch_option_out_of_range_is_usage_error(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse("tcp://127.0.0.1:5556", *words)
    assert caught.value.code == 2


SCRIPT = """
import argparse, sys
from edge.cli import watch
assert not {"zmq", "numpy"} & set(sys.modules), "the command line must stay light"
parser = argparse.ArgumentParser()
watch.add_parser(parser.add_subparsers())
sys.exit(watch.run(parser.parse_args(sys.argv[1:])))
"""


@pytest.mark.parametrize("end", ["ctrl-c", "closed pipe"])
def test_watch_signal_or_closed_stdout_ends_cleanly(address: str, end: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "watch", address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("cam0 #")
        if end == "ctrl-c":
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        else:
            process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(20) == EXIT_WHOLE
    assert errors.splitlines() == [f"meshcast watch: subscribed to {address}; stop with Ctrl-C"]
