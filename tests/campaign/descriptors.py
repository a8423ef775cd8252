"""Connections that say nothing until descriptors run out: readers get in, files are saved, the run ends in order."""

from __future__ import annotations

import resource
import socket
import time
from functools import partial

import numpy as np

from tests.campaign.harness import LIVE, Listener, Row, at_least, at_most, published, scaled

COUNT = 1000
LIMIT = 256
HELD_S = 20.0


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))


def run(scale: float) -> list[Row]:
    count = scaled(COUNT, scale)
    with published(LIVE, "--save", "a.npz", limits=partial(_limited)) as (child, listener, folder):
        port = int(child.address.rpartition(":")[2])
        connections = [_connection(port) for _ in range(count)]
        idle = [each for each in connections if each is not None]
        time.sleep(max(2.0, HELD_S * min(1.0, scale)))
        came = listener.next_within(10.0)
        with Listener(child.address) as late:
            let_in = late.wait_for(1, 30.0)
        for each in idle:
            each.close()
        code = child.end()
        saved = folder / "a.npz"
        frames = int(np.load(saved, allow_pickle=False)["frames"]) if saved.exists() and code in (0, 3) else 0
        return [
            Row("idle connections", f"{len(idle)} of {count}", "", True),
            at_least("frames come meanwhile", came, 1),
            at_least("a new reader gets in", let_in, 1),
            at_most("exit code", code if code >= 0 else 255, 0),
            at_least("rows saved", frames, 1),
            at_most("tracebacks", child.said().count("Traceback"), 0),
        ]


def _connection(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), 1.0)
    except OSError:
        return None
