"""Every model, precision and engine, and what precision does to keypoints: python tests/benchmarks/bm_engines.py"""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import product
from statistics import median
from typing import Any

import numpy as np
from metric import CLIPS, MEDIA, Metric, note, show
from numpy.typing import NDArray

from edge.sources import open_source
from edge.stages.detect import Detect
from edge.stages.pose import Pose
from edge.types import Frame, Tracks
from engines.cards.card import PRECISIONS, Card, cards
from engines.errors import MeshcastError
from engines.inference.cuda import driver as cuda
from engines.inference.session import AUTO_CPU, AUTO_CUDA, Session, open_session

BATCHES = (1, 4)
WARM_UP, ROUNDS = 3, 30
EVERY = 5  # frames of the clips, for the keypoints
PERSON_SCORE = 0.5
SEEN = 0.3  # keypoints that float32 is sure of

Key = tuple[str, str]  # backend, precision


def measure() -> list[Metric]:
    """Times of every card and keypoint shifts of the pose models; fp32 comes first on each engine."""
    metrics = []
    for card in (card for card in cards() if card.variants and card.input.name and not card.network):
        sessions = open_all(card)
        for batch in BATCHES:
            metrics += times(card, sessions, batch)
        if card.task == "pose":
            metrics += shifts(card, sessions)
    return metrics


def open_all(card: Card) -> dict[Key, Session]:
    """Every combination that this card and this machine have."""
    sessions: dict[Key, Session] = {}
    for backend, precision in product((*AUTO_CUDA, *AUTO_CPU) if cuda.device_count() else AUTO_CPU, PRECISIONS):
        session = open_or_say(card, backend, precision)
        if session is not None:
            sessions[backend, precision] = session
    return sessions


def open_or_say(card: Card, backend: str, precision: str) -> Session | None:
    """The session, or None after a line that says why there is none."""
    try:
        return open_session(card, backend=backend, precision=precision)
    except MeshcastError as error:
        note(f"left out: {card.name} {backend} {precision}: {error}")
        return None


def times(card: Card, sessions: dict[Key, Session], batch: int) -> list[Metric]:
    """Median milliseconds of a call. The sessions are interleaved: other load meets all alike."""
    sides = (side if isinstance(side, int) else card.input.size for side in card.input.shape[1:])
    x = np.random.default_rng(0).random((batch, *sides), np.float32)
    calls: dict[Key, list[float]] = {key: [] for key in sessions}
    order = list(sessions)
    for turn in range(WARM_UP + ROUNDS):
        order.append(order.pop(0))  # otherwise each one would always follow the same neighbor in the cache
        for key in order:
            begin = time.perf_counter()
            sessions[key](x)
            if turn >= WARM_UP:
                calls[key].append((time.perf_counter() - begin) * 1e3)
    return [
        Metric(
            f"engine {card.name} {backend} {precision}, batch {batch}: median of {ROUNDS}",
            median(calls[backend, precision]),
            "ms",
            None if precision == "fp32" else median(calls[backend, "fp32"]),
        )
        for backend, precision in sessions
    ]


def shifts(card: Card, sessions: dict[Key, Session]) -> list[Metric]:
    """How far keypoints lie from those of fp32 on the same engine, same frames, same boxes, in px of the frame."""
    detector = next(other for other in cards("detector"))
    detect = Detect(open_session(detector, precision="fp32"), detector)
    poses = {key: Pose(session, card) for key, session in sessions.items()}
    moved: dict[Key, list[NDArray[Any]]] = defaultdict(list)
    for clip in CLIPS:
        with open_source(str(MEDIA / clip)) as source:
            for frame in source:
                tracks = people(frame, detect) if frame.index % EVERY == 0 else None
                if tracks is None:
                    continue
                found = {key: pose(frame, tracks) for key, pose in poses.items()}
                for (backend, precision), pose2d in found.items():
                    exact = found[backend, "fp32"]
                    if not np.array_equal(pose2d.ids, exact.ids):
                        raise RuntimeError(f"{card.name} {backend} {precision}: a person's keypoints are not finite")
                    far = np.linalg.norm(pose2d.keypoints - exact.keypoints, axis=-1)
                    moved[backend, precision].append(far[exact.scores > SEEN])
    metrics = []
    for (backend, precision), parts in moved.items():
        if precision != "fp32":
            far = np.concatenate(parts)
            name = f"keypoint shift {card.name} {backend} {precision}, n = {len(far)}"
            p50, p95 = np.percentile(far, [50, 95]).tolist()
            metrics += [Metric(f"{name}: median", p50, "px"), Metric(f"{name}: 95th percentile", p95, "px")]
    return metrics


def people(frame: Frame, detect: Detect) -> Tracks | None:
    """Everybody in the frame whom the detector is sure of."""
    found = detect(frame)
    sure = found.scores > PERSON_SCORE
    if not sure.any():
        return None
    return Tracks(np.flatnonzero(sure).astype(np.int32), found.boxes[sure], found.scores[sure])


if __name__ == "__main__":
    show(measure())
