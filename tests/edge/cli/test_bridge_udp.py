"""`meshcast bridge` from a real publisher to a real receiver."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, UsageError
from tests.support import bridge_packets, golden_packets
from tests.support.bridging import SCRIPT, Live, parse, publishing, resting

PATIENCE_S = 20.0  # a limit for failures only


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(PATIENCE_S)
        yield made


@contextmanager
def bridging(kind: str, live: Live, receiver: socket.socket, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A bridge in a process of its own, which Ctrl-C ends when the test has not waited for its end."""
    to = f"127.0.0.1:{receiver.getsockname()[1]}"
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "bridge", kind, live.address, "--to", to, *words],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        yield process
        process.send_signal(signal.SIGINT)


def vmc(data: bytes) -> dict[str, list[object]]:
    """Arguments by address, of roots and bones by name."""
    messages = [each.message for each in OscPacket(data).messages]
    return {each.params[0] if each.address.endswith("/Pos") else each.address: each.params for each in messages}


def test_vmc_sends_bundles_until_stream_ends(receiver: socket.socket) -> None:
    with publishing(bridge_packets.open_model(), resting()) as live, bridging("vmc", live, receiver):
        first = vmc(receiver.recv(65536))
        assert first["/VMC/Ext/OK"] == [1]
        assert len(first) == 2 + 1 + 22
        np.testing.assert_allclose(first["Hips"][1:], [0, 1, 0, 0, 0, 0, 1], atol=0.03)
        np.testing.assert_allclose(first["root"][1:], [0, 0, 0, 0, 0, 0, 1], atol=0.03)
        live.end()
        last = first
        while last["/VMC/Ext/OK"] == [1]:
            last = vmc(receiver.recv(65536))
        assert "Hips" not in last


def test_livelink_all_people_are_sent(receiver: socket.socket) -> None:
    with (
        publishing(golden_packets.rigged(), golden_packets.bodies(2)) as live,
        bridging("livelink", live, receiver, "--person", "all", "--stream", "cam0"),
    ):
        found: dict[str, list[dict[str, object]]] = {}
        while len(found) < 2:
            found |= json.loads(receiver.recv(65536))
    assert sorted(found) == ["cam0_47", "cam0_7"]
    assert [(bone["Name"], bone["Parent"]) for bone in found["cam0_47"]] == [("pelvis", -1), ("spine", 0)]


def test_openxr_sends_joints_of_selected_person(receiver: socket.socket) -> None:
    with (
        publishing(bridge_packets.open_model(), resting()) as live,
        bridging("openxr", live, receiver, "--person", "6", "--origin", "2.5", "--camera-height", "1.5"),
    ):
        data = receiver.recv(65536)
        live.end()
        last = data
        while struct.unpack_from("<I", last, 12) == (1,):
            last = receiver.recv(65536)
    assert struct.unpack_from("<4sHHiI", data) == (b"MCXR", 1, 24, 6, 1)
    np.testing.assert_allclose(struct.unpack_from("<3f", data, 32 + 24), [0, 1.5, 0.5], atol=1e-3)
    assert struct.unpack_from("<i", last, 8) == (6,)


def test_bridge_unsupported_body_is_error(receiver: socket.socket) -> None:
    with (
        publishing(golden_packets.rigged(), golden_packets.bodies(1)) as live,
        bridging("openxr", live, receiver, "--quiet") as process,
    ):
        assert process.wait(PATIENCE_S) == EXIT_PARTIAL
        assert process.stderr is not None
        assert process.stderr.read() == (
            "meshcast bridge openxr: body model golden_body: no joint left_hip; OpenXR needs SMPL's 24 joints\n"
        )


def test_bridge_body_without_rig_is_error(receiver: socket.socket, capsys: pytest.CaptureFixture[str]) -> None:
    with publishing(golden_packets.model(), golden_packets.bodies(1)) as live:
        args = parse("vmc", live.address, "--to", f"127.0.0.1:{receiver.getsockname()[1]}", "--quiet")
        assert args.run(args) == EXIT_INPUT
    assert capsys.readouterr().err == (
        "meshcast bridge vmc: body model golden_body: no rig; the bridges need a mesh model with rotations\n"
    )


def test_bridge_timeout_ends_after_silence(receiver: socket.socket, capsys: pytest.CaptureFixture[str]) -> None:
    with publishing(bridge_packets.open_model(), resting()) as live:
        to, codes = f"127.0.0.1:{receiver.getsockname()[1]}", []
        args = parse("openxr", live.address, "--to", to, "--timeout", "1")
        thread = threading.Thread(target=lambda: codes.append(args.run(args)))
        thread.start()
        receiver.recv(65536)
        live.end()
        thread.join(PATIENCE_S)
    assert codes == [EXIT_WHOLE]
    assert capsys.readouterr().err == f"meshcast bridge openxr: forwarding {live.address} to {to}; stop with Ctrl-C\n"


def test_bridge_vrchat_of_all_people_is_usage_error() -> None:
    args = parse("vrchat", "tcp://127.0.0.1:5556", "--person", "all", "--quiet")
    with pytest.raises(UsageError, match="--person all: VRChat has one person's trackers; use first or a track id"):
        args.run(args)
    args = parse("vrchat", "tcp://127.0.0.1:5556", "--trackers", "feet,chest,feet")
    assert (args.trackers, args.to) == (("feet", "chest"), "127.0.0.1:9000")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vmc", "localhost"], "meshcast bridge vmc: localhost: not an address; use tcp://"),
        (["vmc", "tcp://127.0.0.1:5556", "--to", "192.0.2.7:39539"], "meshcast bridge vmc: 192.0.2.7:39539: UDP to"),
        (["openxr", "tcp://127.0.0.1:5556", "--to", "here"], "meshcast bridge openxr: here: invalid destination"),
        (["livelink", "tcp://127.0.0.1:5556", "--stream", "a b"], "meshcast bridge livelink: stream name 'a b'"),
        (["vmc", "ipc://@none", "--timeout", "0.02"], "meshcast bridge vmc: ipc://@none: no frame received"),
    ],
)  # fmt: skip
def test_bridge_unusable_argument_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    args = parse(*words, "--quiet")
    assert args.run(args) == EXIT_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["vmc"],
        ["morse", "tcp://127.0.0.1:5556"],
        ["vrchat", "tcp://127.0.0.1:5556", "--trackers", "hip,nose"],
        *(
            ["vmc", "tcp://127.0.0.1:5556", *option.split()]
            for option in (
                "--person nobody",
                "--person -1",
                "--origin -2",
                "--origin nan",
                "--camera-pitch 91",
                "--camera-height inf",
                "--timeout 0",
                "--trackers hip",
                "--names joints",
            )
        ),
        ["livelink", "tcp://127.0.0.1:5556", "--names", "biped"],
    ],
)
def test_bridge_wrong_command_line_is_usage_error(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(*words)
    assert caught.value.code == 2


def test_bridge_ctrl_c_sends_departure_and_exits(receiver: socket.socket) -> None:
    with publishing(bridge_packets.open_model(), resting()) as live, bridging("vmc", live, receiver) as process:
        assert vmc(receiver.recv(65536))["/VMC/Ext/OK"] == [1]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == EXIT_WHOLE
        assert process.stderr is not None
        to = f"127.0.0.1:{receiver.getsockname()[1]}"
        assert process.stderr.read() == f"meshcast bridge vmc: forwarding {live.address} to {to}; stop with Ctrl-C\n"
        last = {}
        while last.get("/VMC/Ext/OK") != [0]:
            last = vmc(receiver.recv(65536))
        receiver.setblocking(False)
        with pytest.raises(BlockingIOError):
            receiver.recv(65536)
