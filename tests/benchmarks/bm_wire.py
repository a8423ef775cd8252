"""Packets: size, encoding, decoding and the way through the socket: python tests/benchmarks/bm_wire.py"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median

import numpy as np
from drain import Drain
from figure import MEDIA, Figure, show

from calibration.camera import Camera
from edge.models import Models
from edge.pipeline import Pipeline, View
from edge.sources import open_source
from edge.types import Bodies, BodyModel, Frame
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from edge.wire.publisher import Publisher
from meshcast.decoding import decode

CLIP = MEDIA / "balance_cam03.mp4"
PEOPLE = (1, 10)
WARM_UP, ROUNDS = 10, 200
RATE_HZ, SECONDS = 30, 5


def measure() -> list[Figure]:
    """Times of real bodies on the wire."""
    frame, body, model, camera = one_person()
    return [*coding(frame, body, model, camera), *latency(frame, body, model, camera)]


def one_person() -> tuple[Frame, Bodies, BodyModel, Camera]:
    """The first frame of the clip in which exactly one body is found."""
    pipeline = Pipeline(Models(), View(camera=CLIP.with_suffix(".toml")))
    with open_source(str(CLIP)) as source:
        for frame in source:
            bodies = pipeline.process(frame)
            if len(bodies) == 1:
                return frame, bodies, pipeline.model, pipeline.camera(frame)
    raise RuntimeError(f"{CLIP}: no frame with one person")


def crowd(body: Bodies, people: int) -> Bodies:
    """The same person so many times."""
    rows = {
        name: np.repeat(getattr(body, name), people, axis=0)
        for name in ("scores", "keypoints", "joints", "vertices", "translation")
    }
    return Bodies(ids=np.arange(people, dtype=np.int32), **rows)


def coding(frame: Frame, body: Bodies, model: BodyModel, camera: Camera) -> list[Figure]:
    """Encoding and decoding in turns, for one person and for ten."""
    known = ModelEncoder(model)
    work: dict[str, Callable[[], object]] = {}
    sizes = []
    for people in PEOPLE:
        stamp = Stamp.now("bench", 0, 1, known.model_id, known.name)
        encode = partial(FrameEncoder().mesh, frame, crowd(body, people), stamp, camera)
        packet = encode()
        named = "1 person" if people == 1 else f"{people} people"
        work[f"wire encode, {named}"] = encode
        work[f"wire decode, {named}"] = partial(decode, packet)
        sizes.append(Figure(f"wire packet, {named}", len(packet), "bytes"))
    calls: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(WARM_UP + ROUNDS):
        for name, call in work.items():
            begin = time.perf_counter()
            call()
            if turn >= WARM_UP:
                calls[name].append((time.perf_counter() - begin) * 1e3)
    return [*sizes, *(Figure(f"{name}: median of {ROUNDS}", median(ms), "ms") for name, ms in calls.items())]


def latency(frame: Frame, body: Bodies, model: BodyModel, camera: Camera) -> list[Figure]:
    """From the call of publish() to the decoded packet in another process of this machine, one person."""
    count = RATE_HZ * SECONDS
    with Publisher("tcp://127.0.0.1:0", model, streams=[frame.camera]) as publisher, Drain(publisher.address) as drain:

        def send(index: int) -> None:
            publisher.publish(replace(frame, index=index, t_capture_ns=time.monotonic_ns()), body, camera)

        first = 0
        while not drain.ready():
            send(first)
            first += 1
            time.sleep(1 / RATE_HZ)
        due = time.monotonic()
        for index in range(first, first + count):
            send(index)
            due += 1 / RATE_HZ
            time.sleep(max(0.0, due - time.monotonic()))
        receipts = drain.receipts(first)
    p50, p99 = np.percentile([receipt.latency_ms for receipt in receipts], [50, 99]).tolist()
    name = f"wire publish() to decoded packet, tcp loopback, {RATE_HZ} Hz, n = {len(receipts)}"
    return [
        Figure(f"{name}: p50", p50, "ms"),
        Figure(f"{name}: p99", p99, "ms"),
        Figure(f"wire packets that arrived, of {count}", len(receipts), "", count),
    ]


if __name__ == "__main__":
    show(measure())
