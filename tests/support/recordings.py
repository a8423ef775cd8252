"""Recordings of the golden packets, and publishers to record."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edge.recording.mcap_file import Recording
from edge.types import Frame
from edge.wire.publisher import Publisher
from meshcast.protocol.layout import COMMON_HEADER, Kind, read_header, read_kind
from tests.support import golden_packets
from tests.support.rig_poses import RigPoses

GOLDEN: dict[str, bytes] = golden_packets.packets()
EACH_MESSAGE = -1.0  # flush interval in seconds: a chunk for each message
PATIENCE_S = 20.0  # a limit for failures only


def with_seq(message: bytes, seq: int, session: int | None = None) -> bytes:
    session_bytes = message[72:76] if session is None else struct.pack("<I", session)
    return message[:56] + struct.pack("<Q", seq) + message[64:72] + session_bytes + message[76:]


@contextmanager
def publishing(publisher: Publisher) -> Iterator[None]:
    """Two people of each stream every few milliseconds."""
    stop = threading.Event()
    rig_pose = RigPoses(golden_packets.rigged())

    def work() -> None:
        index = 0
        while not stop.wait(0.003):
            for stream in ("cam0", "cam1"):
                frame = Frame(stream, index, time.monotonic_ns(), index / 30, np.zeros((48, 64, 3), np.uint8))
                bodies = golden_packets.bodies(2)
                publisher.publish(frame, bodies, None, rig_pose(frame, bodies))
            index += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def kinds(path: Path) -> list[tuple[str, Kind, int]]:
    heads = [read_header(each.message, COMMON_HEADER, read_kind(each.message)) for each in Recording(path)]
    return [(head["stream"], Kind(head["kind"]), head["seq"]) for head in heads]


@contextmanager
def publisher_to_record() -> Iterator[str]:
    """The address of a publisher of two streams."""
    streams, room = ["cam0", "cam1"], 10_000  # where the machine is busy, nothing must be dropped
    with (
        Publisher(
            "tcp://127.0.0.1:0", golden_packets.rigged(), streams=streams, high_water_mark=room, status_s=0.05
        ) as made,
        publishing(made),
    ):
        yield made.address
