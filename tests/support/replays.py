"""Recordings to replay."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import zmq

from edge.recording.mcap_file import FLUSH_S, RecordingWriter
from edge.wire.keys import new_keys
from edge.wire.publisher_socket import PublisherSocket
from meshcast.protocol.layout import COMMON_HEADER, read_header, read_kind
from tests.support import golden_packets

GOLDEN: dict[str, bytes] = golden_packets.packets()
T_NS = 1_800_000_000_000_000_000
NUMBERS = count()
EVERYTHING = [b"model/", b"status/", b"mesh/", b"params/"]


def frame_message(name: str, index: int, step_ns: int) -> bytes:
    """A golden frame message as the one of frame `index`: its seq, and its capture time on the monotonic clock."""
    t_ns = golden_packets.T_MONOTONIC_NS + index * step_ns
    message = GOLDEN[name]
    return message[:56] + struct.pack("<Q", index) + message[64:128] + struct.pack("<q", t_ns) + message[136:]


def recording(path: Path, frames: int = 5, step_ns: int = 4_000_000, flush_s: float = FLUSH_S) -> list[bytes]:
    """A model, then frames of two levels `step_ns` apart, then the end."""
    messages = [(0, GOLDEN["model_opencv.bin"])]
    for index in range(frames):
        messages += [
            (index * step_ns, frame_message(name, index, step_ns)) for name in ("params_opencv.bin", "mesh_opencv.bin")
        ]
    messages.append((max(0, frames - 1) * step_ns, GOLDEN["status_ended.bin"]))
    with RecordingWriter(path, flush_s=flush_s) as writer:
        for t_ns, message in messages:
            kind = read_kind(message)
            writer.add(kind, read_header(message, COMMON_HEADER, kind), T_NS + t_ns, message)
        writer.close()
    return [message for _, message in messages]


@contextmanager
def listening(publisher: PublisherSocket, *topics: bytes) -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context.instance().socket(zmq.SUB) as socket:
        socket.set(zmq.RCVHWM, 0)
        for words in topics or EVERYTHING:
            socket.subscribe(words)
        socket.connect(publisher.address)
        yield socket


def received(socket: zmq.Socket[bytes]) -> list[bytes]:
    """All that was sent: within a process, what was sent has arrived."""
    messages = []
    while socket.poll(0):
        messages.append(socket.recv())
    return messages


def key_folder(folder: Path) -> Path:
    """Keys of a server and of phone, whose public key is in clients/, in `folder`/keys."""
    keys = folder / "keys"
    (keys / "clients").mkdir(parents=True)
    for name in ("server", "phone"):
        new_keys(keys / name)
    (keys / "clients" / "phone.pub").write_bytes((keys / "phone.pub").read_bytes())
    return keys
