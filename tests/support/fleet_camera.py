"""A stand-in for the process of a camera: publishes two golden bodies, without models. Named by its camera, it also
fails at once ("broken") or dies at its first frame ("dies")."""

from __future__ import annotations

import os
import platform
import signal
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import zmq

from edge.fleet.camera_process import _write_public, free_port
from edge.fleet.child import ParentPipe
from edge.fleet.events import Ended, Launch, Prepare, Ready, Report, Started
from edge.types import Frame
from edge.wire.curve_auth import Security
from edge.wire.publisher import Publisher
from meshcast.transport.curve import Keys
from tests.support import golden_packets

METRICS = '# TYPE meshcast_people gauge\nmeshcast_people{stream="%s"} 2.0\n'


def main(descriptor: int) -> None:
    pipe = ParentPipe(descriptor, lambda message: None)
    order = pipe.receive()
    if isinstance(order, Prepare):
        pipe.send(Ready())
        order = pipe.receive()
    launch: Launch = order
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    pipe.start()
    if launch.name == "broken":
        pipe.send(Ended("no camera here"))
        return
    public, secret = zmq.curve_keypair()
    with tempfile.TemporaryDirectory() as folder:
        _write_public(Path(folder), launch.proxy)
        address = f"tcp://{launch.host}:{free_port(launch.host, launch.ports)}"
        security = Security(Keys(public, secret), Path(folder))
        with Publisher(address, golden_packets.model(), streams=[launch.name], security=security) as publisher:
            pipe.send(Started(publisher.address, public, platform.node(), os.getpid()))
            index = 0
            while not stop.wait(0.05):
                now = time.monotonic_ns()
                frame = Frame(launch.name, index, now, now / 1e9, np.zeros((4, 6, 3), np.uint8))
                publisher.publish(frame, golden_packets.bodies(2))
                index += 1
                pipe.send(Report(index, METRICS % launch.name))
                if launch.name == "dies":
                    os.kill(os.getpid(), signal.SIGKILL)
    pipe.send(Ended("it was stopped", whole=True))
