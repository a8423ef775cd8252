"""Packets: size, encoding, decoding and the way through the socket: python tests/benchmarks/bm_wire.py"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median

import numpy as np
from drain import Drain
from metric import MEDIA, Metric, show
from subscribers import Subscribers

from calibration.camera import Camera
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import open_source
from edge.stages.inverse_kinematics import RigFitter
from edge.types import Bodies, BodyModel, Frame
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from edge.wire.publisher import Publisher
from meshcast.protocol.decoding import decode

CLIP = MEDIA / "balance_cam03.mp4"
SUBSCRIBERS = (1, 8, 32)
WARM_UP, ROUNDS = 10, 200
RATE_HZ, SECONDS = 30, 5


def measure() -> list[Metric]:
    """Times of real bodies on the wire."""
    frame, body, model, camera = one_person()
    metrics = [*coding(frame, body, model, camera), *latency(frame, body, model, camera)]
    for subscribers in SUBSCRIBERS:
        for stuck in (0, 1) if subscribers > 1 else (0,):
            metrics += latency(frame, crowd(body, 10), model, camera, subscribers, stuck)
    return metrics


def one_person() -> tuple[Frame, Bodies, BodyModel, Camera]:
    """The first frame of the clip in which exactly one body is found."""
    pipeline = Pipeline(Models(), CameraConfig(camera=CLIP.with_suffix(".toml")))
    with open_source(str(CLIP)) as source:
        for frame in source:
            bodies = pipeline.process(frame)
            if len(bodies) == 1:
                return frame, bodies, pipeline.model, pipeline.camera(frame)
    raise RuntimeError(f"{CLIP}: no frame with one person")


def crowd(body: Bodies, people: int) -> Bodies:
    """The same person that many times."""
    rows = {
        name: np.repeat(getattr(body, name), people, axis=0)
        for name in ("scores", "keypoints", "joints", "vertices", "translation")
    }
    return Bodies(ids=np.arange(people, dtype=np.int32), **rows)


def coding(frame: Frame, body: Bodies, model: BodyModel, camera: Camera) -> list[Metric]:
    """Fitting, encoding and decoding interleaved: every level for one person, the whole mesh for ten too."""
    known, fit = ModelEncoder(model), RigFitter(model)
    encoder = FrameEncoder("opencv", model.lod.vertices if model.lod else None)
    stamp = Stamp.now("bench", 0, 1, known.model_id, known.name)
    posed = fit(0.0, body)
    encoders: dict[str, Callable[[], bytes]] = {
        "params, 1 person": partial(encoder.params, frame, body, posed, stamp, camera),
        "joints, 1 person": partial(encoder.joints, frame, body, stamp, camera),
        "mesh-lod, 1 person": partial(encoder.mesh_lod, frame, body, stamp, camera),
        "mesh, 1 person": partial(encoder.mesh, frame, body, stamp, camera),
        "mesh, 10 people": partial(encoder.mesh, frame, crowd(body, 10), stamp, camera),
        "mesh in unity axes, 1 person": partial(FrameEncoder("unity").mesh, frame, body, stamp, camera),
        "model": partial(known.encode, stream="bench", seq=0, session=1),
    }
    packets = {name: encode() for name, encode in encoders.items()}
    work: dict[str, Callable[[], object]] = {f"wire encode {name}": encode for name, encode in encoders.items()}
    work |= {f"wire decode {name}": partial(decode, packet) for name, packet in packets.items()}
    work["wire fit of a rig, 1 person"] = partial(fit, 0.0, body)
    calls: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(WARM_UP + ROUNDS):
        for name, call in work.items():
            begin = time.perf_counter()
            call()
            if turn >= WARM_UP:
                calls[name].append((time.perf_counter() - begin) * 1e3)
    sizes = [Metric(f"wire packet {name}", len(packet), "bytes") for name, packet in packets.items()]
    return [*sizes, *(Metric(f"{name}: median of {ROUNDS}", median(ms), "ms") for name, ms in calls.items())]


def latency(
    frame: Frame, body: Bodies, model: BodyModel, camera: Camera, subscribers: int = 1, stuck: int = 0
) -> list[Metric]:
    """From the call of publish() to the decoded packet in another process of this machine, while others listen too."""
    count = RATE_HZ * SECONDS
    with (
        Publisher("tcp://127.0.0.1:0", model, streams=[frame.camera]) as publisher,
        Subscribers(publisher.address, subscribers - 1, stuck),
        Drain(publisher.address) as drain,
    ):

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
    whom = f"{subscribers} subscribers" if subscribers > 1 else "1 subscriber"
    name = f"wire publish() to decoded packet, {len(body)} people, {whom}, {stuck} stuck, n = {len(receipts)}"
    return [
        Metric(f"{name}: p50", p50, "ms"),
        Metric(f"{name}: p99", p99, "ms"),
        Metric(f"{name}: arrived, of {count}", len(receipts), "", count),
    ]


if __name__ == "__main__":
    show(measure())
