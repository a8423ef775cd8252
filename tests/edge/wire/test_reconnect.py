"""Publishers and subscribers that are killed or stopped and return."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge.types import Bodies, Frame
from edge.wire.publisher import Publisher
from meshcast.protocol.packets import FramePacket
from meshcast.subscriber import subscribe
from tests.support import golden_packets
from tests.support.paths import ROOT

PATIENCE_S = 20.0  # a limit for failures only

PUBLISHER = """
import sys, time
import numpy as np
from edge.types import Frame
from edge.wire.publisher import Publisher

from tests.support import golden_packets as make
image = np.zeros((4, 6, 3), np.uint8)
with Publisher(sys.argv[1], make.model(), streams=["cam0"]) as publisher:
    for index in range(10**6):
        publisher.publish(Frame("cam0", index, time.monotonic_ns(), 0.0, image), make.bodies(2))
        time.sleep(0.003)
"""


class Counter:
    """Publishes frames every few milliseconds from another thread, and says how many it has."""

    def __init__(self, publisher: Publisher, people: Bodies) -> None:
        self.published = 0
        self._people = people
        self._publisher = publisher
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work)

    def wait_for(self, more: int) -> int:
        """The number of frames published, after `more` further ones."""
        with self._changed:
            wanted = self.published + more
            assert self._changed.wait_for(lambda: self.published >= wanted, PATIENCE_S)
            return self.published

    def __enter__(self) -> Counter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        image = np.zeros((4, 6, 3), np.uint8)
        while not self._stop.wait(0.003):
            self._publisher.publish(Frame("cam0", self.published, time.monotonic_ns(), 0.0, image), self._people)
            with self._changed:
                self.published += 1
                self._changed.notify_all()


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A Python of its own in the root folder, killed at the end at the latest."""
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def watching(address: str) -> Any:
    return process("-m", "edge.cli.main", "watch", address, "--json", "--timeout", str(PATIENCE_S))


def read(watcher: subprocess.Popen[str], lines: int) -> list[dict[str, Any]]:
    assert watcher.stdout is not None
    return [json.loads(watcher.stdout.readline()) for _ in range(lines)]


@pytest.fixture
def published() -> Iterator[tuple[str, Counter]]:
    """The address of a stream, and who publishes it."""
    with (
        Publisher("tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"]) as publisher,
        Counter(publisher, golden_packets.bodies(2)) as counter,
    ):
        yield publisher.address, counter


def test_subscriber_killed_and_restarted_receives_later_frames(published: tuple[str, Counter]) -> None:
    address, counter = published
    with watching(address) as first:
        before = read(first, 5)
        first.send_signal(signal.SIGKILL)
        assert first.wait(PATIENCE_S) == -signal.SIGKILL
    now = counter.wait_for(40)
    with watching(address) as second:
        after = read(second, 5)
    first_seq = before[0]["seq"]
    assert [line["seq"] for line in before] == list(range(first_seq, first_seq + 5))
    assert {line["session"] for line in before} == {line["session"] for line in after}
    assert after[0]["seq"] >= now
    assert after[0]["seq"] - before[-1]["seq"] > 40
    assert [line["lost"] for line in after] == [0] * 5  # nothing is lost of what came before it was there


def test_subscriber_stalled_frames_arrive_or_count_as_lost() -> None:
    """A reader that takes nothing while far more passes than the queues and the system's buffers hold."""
    people = replace(golden_packets.bodies(10), vertices=np.random.default_rng(0).random((10, 6890, 3), np.float32))
    with (
        Publisher("tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"]) as publisher,
        Counter(publisher, people) as counter,
        subscribe(publisher.address, timeout_s=PATIENCE_S) as packets,
    ):
        received = [next(packets)]
        now = counter.wait_for(120)  # 50 MB
        while received[-1].seq < now:
            received.append(next(packets))
    lost = sum(packet.lost for packet in received)
    assert lost > 40
    assert len(received) + lost == received[-1].seq - received[0].seq + 1


def test_publisher_killed_and_restarted_has_a_new_session() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with subscribe(address, timeout_s=PATIENCE_S) as packets:
        with process("-c", PUBLISHER, address) as first:
            before = [next(packets) for _ in range(5)]
            first.send_signal(signal.SIGKILL)
            assert first.wait(PATIENCE_S) == -signal.SIGKILL
        with process("-c", PUBLISHER, address):
            after = after_session(packets, before[-1].session)
    assert [packet.lost for packet in before] == [0] * 5
    assert [packet.lost for packet in after] == [0] * 5
    assert after[0].seq < before[-1].seq + 1000
    assert after[0].model is not None


def after_session(packets: Iterator[FramePacket], session: int) -> list[FramePacket]:
    """The first five frames of another session."""
    for packet in packets:
        if packet.session != session:
            return [packet, *(next(packets) for _ in range(4))]
    raise AssertionError("the publisher's return was not seen")
