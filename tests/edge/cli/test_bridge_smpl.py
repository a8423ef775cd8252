"""`meshcast bridge smpl` from a real publisher to a real receiver."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import zmq

from edge.errors import EXIT_INPUT, EXIT_WHOLE
from tests.support import bridge_packets
from tests.support.bridging import SCRIPT, parse, publishing, resting
from tests.support.pose_messages import unpack

PATIENCE_MS = 20_000


def test_bridge_smpl_sends_the_person_at_the_rate() -> None:
    with publishing(bridge_packets.open_model(), resting()) as live:
        words = ["bridge", "smpl", live.address, "--publish", "tcp://127.0.0.1:0", "--camera-height", "1"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *words], stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stderr is not None
            found = re.search(r"to (tcp://\S+) at 50 Hz", process.stderr.readline())
            assert found is not None
            with zmq.Context() as context, context.socket(zmq.SUB) as receiver:
                receiver.set(zmq.RCVTIMEO, PATIENCE_MS)
                receiver.set(zmq.LINGER, 0)
                receiver.connect(found[1])
                receiver.subscribe("pose")
                got = [unpack(receiver.recv(), "pose") for _ in range(5)]
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == EXIT_WHOLE
    assert {version for version, _ in got} == {3}
    numbers = [int(arrays["frame_index"][0]) for _, arrays in got]
    assert numbers == sorted(set(numbers))
    for _, arrays in got:
        assert arrays["body_quat"][0] == pytest.approx([np.sqrt(0.5), 0, 0, -np.sqrt(0.5)], abs=0.02)
        assert arrays["root_pos"][0] == pytest.approx([0, 3, 1], abs=0.02)


def test_bridge_smpl_without_a_publisher_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    args = parse("smpl", "tcp://127.0.0.1:1", "--publish", "tcp://127.0.0.1:0", "--timeout", "0.2", "--quiet")
    assert args.run(args) == EXIT_INPUT
    assert "no person within 0.2 s" in capsys.readouterr().err


def test_bridge_smpl_public_address_needs_insecure(capsys: pytest.CaptureFixture[str]) -> None:
    args = parse("smpl", "tcp://127.0.0.1:1", "--publish", "tcp://*:0", "--timeout", "0.2")
    assert args.run(args) == EXIT_INPUT
    assert "--insecure" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--person", "all"], ["--rate", "5"], ["--protocol", "4"]])
def test_bridge_smpl_other_values_are_usage_errors(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse("smpl", "tcp://127.0.0.1:1", *words)
