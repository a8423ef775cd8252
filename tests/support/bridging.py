"""Publishers for tests of `meshcast bridge`, and the command in a process of its own."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import numpy as np

from edge.cli import bridge
from edge.stages.inverse_kinematics import RigFitter, can_fit
from edge.types import Bodies, BodyModel, Frame
from edge.wire.publisher import Publisher
from tests.support import bridge_packets

SCRIPT = """
import argparse, sys
from edge.cli import bridge
assert not {"zmq", "numpy", "pythonosc"} & set(sys.modules), "the command line must stay light"
parser = argparse.ArgumentParser()
bridge.add_parser(parser.add_subparsers())
args = parser.parse_args(sys.argv[1:])
sys.exit(args.run(args))
"""


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bridge.add_parser(parser.add_subparsers())
    return parser.parse_args(["bridge", *words])


def frame(index: int) -> Frame:
    return Frame("cam0", index, time.monotonic_ns(), index / 30, np.zeros((4, 6, 3), np.uint8))


def resting() -> Bodies:
    """One person of the open body at rest, 3 m away and upright."""
    body = bridge_packets.open_model()
    place = np.float32([0, 0, 3])
    turned = (body.rest_vertices - body.rig.rest_joints[0]) @ bridge_packets.FACING + place
    nothing = np.zeros((1, 0, 3), np.float32)
    return Bodies(np.int32([6]), np.ones(1, np.float32), nothing, nothing, turned[None], place[None])


class Live:
    """A publisher of the same bodies every few milliseconds, until it is stopped."""

    def __init__(self, model: BodyModel, bodies: Bodies) -> None:
        self._publisher = Publisher("tcp://127.0.0.1:0", model, streams=["cam0"])
        self.address = self._publisher.address
        self._bodies = bodies
        self._fitter = RigFitter(model) if can_fit(model) else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def end(self) -> None:
        """End the stream; the bridges receive its status."""
        self._stop.set()
        self._thread.join()
        self._publisher.close()

    def _work(self) -> None:
        for index in count():
            if self._stop.wait(0.003):
                return
            now = frame(index)
            rig_pose = None if self._fitter is None else self._fitter(now.t_s, self._bodies)
            self._publisher.publish(now, self._bodies, rig_pose=rig_pose)


@contextmanager
def publishing(model: BodyModel, bodies: Bodies) -> Iterator[Live]:
    live = Live(model, bodies)
    try:
        yield live
    finally:
        live.end()
