"""A publisher that sends frames from its own thread, for tests of clients."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from edge.types import Bodies, BodyModel, Frame
from edge.wire.publisher import Publisher
from tests.support import golden_packets
from tests.support.rig_poses import RigPoses


class Sender:
    """Publishes a frame of stream cam0 every few milliseconds from a thread, except while it is paused.

    The body and the two people are those of the golden packets, unless others are given.
    """

    def __init__(
        self,
        address: str = "tcp://127.0.0.1:0",
        *,
        model: BodyModel | None = None,
        bodies: Bodies | None = None,
        **options: Any,
    ) -> None:
        model = model or golden_packets.rigged()
        self.publisher = Publisher(address, model, streams=["cam0"], **options)
        self._rig_pose = RigPoses(model)
        self.address = self.publisher.address
        self.sent = 0
        self._bodies = bodies or golden_packets.bodies(2)
        self._enough = threading.Event()
        self._thread: threading.Thread | None = None
        self.resume()

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            now = time.monotonic_ns()
            frame = Frame("cam0", self.sent, now, now / 1e9, np.zeros((48, 64, 3), np.uint8))
            self.publisher.publish(frame, self._bodies, None, self._rig_pose(frame, self._bodies))
            self.sent += 1

    def _work(self) -> None:
        while not self._enough.wait(0.005):
            self.send()

    def pause(self) -> None:
        self._enough.set()
        if self._thread is not None:
            self._thread.join()

    def resume(self) -> None:
        self._enough.clear()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def close(self) -> None:
        self.pause()
        self.publisher.close()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
