"""Tracking of a made crowd beside ByteTrack, OC-SORT and BoT-SORT: python tests/benchmarks/bm_tracking.py

The other trackers are those of the package `trackers`, with detections of every frame; Meshcast's Tracker sees the
detections that it asks for and the keypoints, as it does live. Install them with
`pip install --no-deps trackers supervision pydeprecate defusedxml tqdm matplotlib contourpy cycler kiwisolver pyparsing
fonttools`; without them only Meshcast is measured.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from crowd_scene import FPS, Crowd, Setting
from metric import Metric, note, show
from tracking_metrics import Boxes, TrackingScore, score_tracking

from edge.stages.config import TrackerConfig
from edge.stages.tracker import Tracker

# The tracker's settings were chosen on "20 people", "20 people, walls" (30 s), the same with 12 people, and "20 people,
# walls, moving camera" with the seeds 101 to 103.
SETTINGS = (
    Setting("12 people", 12, seed=1),
    Setting("20 people", 20, seed=2),
    Setting("12 people, walls", 12, walls=3, seed=3, seconds=30),
    Setting("20 people, walls", 20, walls=3, seed=4, seconds=30),
    Setting("12 people, moving camera", 12, moving=True, seed=5),
    Setting("20 people, walls, moving camera", 20, walls=2, moving=True, seed=6),
)
BUFFERS = {"": 30, ", lost for 10 s": 10 * FPS}  # frames for which the other trackers remember a lost person


def run_meshcast(crowd: Crowd, config: TrackerConfig | None = None) -> tuple[list[Boxes], float]:
    """The result of Meshcast's tracker, and its CPU milliseconds per frame."""
    tracker = Tracker(config)
    found, spent = [], 0.0
    for index in range(crowd.frames):
        frame = crowd.frame(index)
        begin = time.thread_time()
        wanted = tracker.wants_detections(frame)
        tracks = tracker.update(frame, crowd.detections(index) if wanted else None)
        spent += time.thread_time() - begin
        pose = crowd.pose(index, tracks)
        begin = time.thread_time()
        tracks, pose = tracker.observe(frame, pose)
        spent += time.thread_time() - begin
        found.append(Boxes(tracks.ids, tracks.boxes))
    return found, spent / crowd.frames * 1e3


def run_other(crowd: Crowd, tracker: Any, images: bool) -> tuple[list[Boxes], float]:
    """The result of a tracker of the package `trackers`, and its CPU milliseconds per frame."""
    import supervision

    found, spent = [], 0.0
    for index in range(crowd.frames):
        given = crowd.detections(index)
        boxes = supervision.Detections(
            xyxy=given.boxes.astype(float),
            confidence=given.scores.astype(float),
            class_id=np.zeros(len(given.boxes), int),
        )
        image = crowd.frame(index).image if images else None
        begin = time.thread_time()
        tracks = tracker.update(boxes, image)
        spent += time.thread_time() - begin
        ids = np.array(tracks.tracker_id, int).reshape(-1)
        found.append(Boxes(ids[ids >= 0], tracks.xyxy[ids >= 0]))
    return found, spent / crowd.frames * 1e3


def candidates() -> Iterator[tuple[str, Callable[[Crowd], tuple[list[Boxes], float]]]]:
    """Names and runs of all trackers that are installed."""
    yield "meshcast", run_meshcast
    try:
        import trackers
    except ImportError as error:
        note(f"only Meshcast is measured: {error}; see the head of this file")
        return
    for name in ("ByteTrack", "OCSORT", "BoTSORT"):
        for suffix, buffer in BUFFERS.items():

            def run(crowd: Crowd, name: str = name, buffer: int = buffer) -> tuple[list[Boxes], float]:
                # The scores of these detections are lower than those that the defaults of the thresholds assume.
                options = {"lost_track_buffer": buffer, "frame_rate": float(FPS), "high_conf_det_threshold": 0.45}
                if name != "OCSORT":
                    options["track_activation_threshold"] = 0.5
                tracker = getattr(trackers, f"{name}Tracker")(**options)
                return run_other(crowd, tracker, images=name == "BoTSORT" and crowd.setting.moving)

            yield f"{name}{suffix}", run


def measure(only: str = "", *, masks: bool = True) -> list[Metric]:
    """HOTA, IDF1, id switches and time per frame of each tracker, over all settings and for each."""
    results: dict[str, list[tuple[list[Boxes], list[Boxes]]]] = {}
    times: dict[str, list[float]] = {}
    metrics: list[Metric] = []
    for setting in SETTINGS:
        crowd = Crowd(replace(setting, masks=masks))
        truth = crowd.truth
        for name, run in candidates():
            if only and only not in name:
                continue
            found, spent = run(crowd)
            results.setdefault(name, []).append((truth, found))
            times.setdefault(name, []).append(spent)
            metrics += rows(f"{setting.name}, {name}", score_tracking(truth, found))
    for name, sequences in results.items():
        metrics += rows(f"all, {name}", joined(sequences))
        metrics.append(Metric(f"tracking all, {name}: CPU time of a frame, most", max(times[name]), "ms"))
    return metrics


def joined(sequences: list[tuple[list[Boxes], list[Boxes]]]) -> TrackingScore:
    """The score of several sequences as one."""
    truth, found = [], []
    for number, (true, result) in enumerate(sequences):
        truth += [Boxes(boxes.ids + 100_000 * number, boxes.boxes, boxes.ignored) for boxes in true]
        found += [Boxes(boxes.ids + 100_000 * number, boxes.boxes) for boxes in result]
    return score_tracking(truth, found)


def rows(name: str, score: TrackingScore) -> list[Metric]:
    return [
        Metric(f"tracking {name}: HOTA", score.hota, ""),
        Metric(f"tracking {name}: DetA", score.det_a, ""),
        Metric(f"tracking {name}: AssA", score.ass_a, ""),
        Metric(f"tracking {name}: IDF1", score.idf1, ""),
        Metric(f"tracking {name}: id switches", score.switches, ""),
        Metric(f"tracking {name}: ids (reference: people)", score.ids, "", score.people),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare trackers on a made crowd.")
    parser.add_argument("--only", default="", metavar="NAME", help="one of the trackers")
    parser.add_argument("--no-masks", action="store_true", help="a pose model that sees the neighbors in a crop")
    args = parser.parse_args()
    show(measure(args.only, masks=not args.no_masks))
