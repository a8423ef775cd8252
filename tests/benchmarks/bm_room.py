"""Several cameras of one room: the recorded pair, synthetic rooms, latency and memory.

python tests/benchmarks/bm_room.py [--only NAME...] [--seconds S]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from metric import MEDIA, Metric, show
from room_memory import memory

sys.path.insert(0, str(Path(__file__).parents[2]))

from calibration.camera import Camera
from calibration.rig_file import Rig, write_rig
from edge.evaluation.evaluate import evaluate_clip
from edge.evaluation.room import evaluate_room
from edge.evaluation.score import Score
from edge.models import Models
from edge.room.config import RoomConfig
from edge.room.fusion import RoomFusion
from edge.room.watch import RoomWatch
from edge.room_config import room_setup
from edge.run import run
from edge.run_config import OutputConfig, RunConfig, SourceConfig
from edge.runtime.room_results import ROOM
from tests.support.room_scores import RoomScore
from tests.support.rooms import Room, around, body_and_model, turned

CAMERAS = ("cam01", "cam03")


@dataclass(frozen=True)
class Setting:
    """A synthetic room. off: degrees by which the second camera's pose is wrong; corrected: clocks are
    corrected; settled_s: time before the errors count, s."""

    name: str
    cameras: int
    people: int
    options: dict[str, Any] = field(default_factory=dict)
    off: float = 0.0
    corrected: bool = False
    settled_s: float = 1.0


SETTINGS = (
    Setting("2 cameras, 1 person", 2, 1),
    Setting("2 cameras, 4 people", 2, 4),
    Setting("4 cameras, 1 person", 4, 1),
    Setting("4 cameras, 4 people", 4, 4),
    Setting("6 cameras, 6 people", 6, 6, {"seed": 3}),
    Setting("4 cameras, 10 people", 4, 10),
    Setting("8 cameras, 10 people", 8, 10),
    Setting("4 cameras, 3 people, one camera off by 2 degrees", 4, 3, off=2.0),
    Setting("4 cameras, 3 people, one camera off by 8 degrees, after 10 s", 4, 3, off=8.0, settled_s=10.0),
    Setting("4 cameras, 10 people in different colors", 4, 10, {"clothes": True}),
    Setting(
        "4 cameras, 3 people, cameras drop out and return",
        4,
        3,
        {"gaps": [(0, 5, 8), (1, 6, 9), (2, 12, 13), (0, 14, 15), (1, 14, 15)]},
    ),
    Setting("4 cameras, 3 people, unsynchronized by 33 and 66 ms", 4, 3, {"offset_s": [0, 0.033, 0, 0.066]}),
    Setting(
        "4 cameras, 3 people, clocks that differ by 33 and 66 ms, corrected",
        4,
        3,
        {"offset_s": [0, 0.033, 0, 0.066]},
        corrected=True,
        settled_s=15.0,
    ),
)


def recorded() -> list[Metric]:
    """The recorded pair of nearly opposite cameras, each alone and fused by `meshcast run --rig`."""
    truth = MEDIA / "balance.npz"
    alone = [evaluate_clip(MEDIA / f"balance_{name}.mp4", truth, name, Models()) for name in CAMERAS]
    with tempfile.TemporaryDirectory() as folder:
        rig = Path(folder) / "rig.toml"
        write_rig(rig, Rig({name: Camera.load(MEDIA / f"balance_{name}.toml") for name in CAMERAS}))
        setup = room_setup(rig, len(CAMERAS), (), ROOM)
        run(
            RunConfig(
                SourceConfig(tuple(str(MEDIA / f"balance_{name}.mp4") for name in CAMERAS), setup.names),
                outputs=OutputConfig(save=Path(folder) / "room.npz"),
                quiet=True,
                room=setup,
            )
        )
        fused = evaluate_room(Path(folder) / "room.npz", truth)

    def mean(name: str) -> float:
        return float(np.mean([_value(score, name) for score in alone]))

    units = {"MPJPE": "mm", "PA-MPJPE": "mm", "root": "mm", "jitter": "mm", "planted ankles": "mm/s", "delay": "ms"}
    return [
        Metric(f"room balance: {name} (one camera)", _value(fused, name), unit, mean(name))
        for name, unit in units.items()
    ]


def _value(score: Score, name: str) -> float:
    return {
        "MPJPE": score.mpjpe_mm,
        "PA-MPJPE": score.pa_mpjpe_mm,
        "root": 1e3 * score.root_error_m,
        "jitter": score.motion.second_difference_mm,
        "planted ankles": score.motion.planted_ankle_mm_s,
        "delay": score.delay_ms,
    }[name]


def synthetic(setting: Setting, seconds: float) -> list[Metric]:
    """Errors, ids and CPU time of a synthetic room."""
    cameras = around(setting.cameras)
    room = Room(cameras, setting.people, **setting.options)
    body, model = body_and_model()
    used = [cameras[0], turned(cameras[1], setting.off), *cameras[2:]] if setting.off else cameras
    fusion, watch = RoomFusion(body, model, used, RoomConfig()), RoomWatch(used)
    score, spent = RoomScore(), []
    settled_s = setting.settled_s
    for t_s, views in room.moments(seconds + settled_s, corrections_s=lambda: watch.corrections_s):
        begin = time.thread_time()
        moment = fusion(t_s, views)
        watch.observe(moment)
        fusion.distrust(watch.displaced)
        spent.append(time.thread_time() - begin)
        if setting.corrected:
            watch.poll()
        if t_s > settled_s:
            score.add(room, moment, fusion)
    name = f"room {setting.name}"
    return [
        Metric(f"{name}: error", float(np.mean(score.errors_mm)), "mm"),
        Metric(f"{name}: root", float(np.mean(score.roots_mm)), "mm"),
        Metric(f"{name}: changes of an id", float(score.switches), ""),
        Metric(f"{name}: bodies without a person", 100 * score.ghosts / score.people, "%"),
        Metric(f"{name}: people without a body", 100 * score.missed / score.people, "%"),
        Metric(f"{name}: CPU time, median", 1e3 * float(np.median(spent)), "ms"),
        Metric(f"{name}: cameras reported as moved", float(sum(one.moved for one in watch.health())), ""),
    ]


def rows(seconds: float, only: Sequence[str]) -> Iterator[Metric]:
    """The metrics, as they are measured; only: parts of the names of settings, "balance",
    "memory", or "hours" (4 hours, at 5 frames per second in a third of them)."""
    if not only or "balance" in only:
        yield from recorded()
    for setting in SETTINGS:
        if not only or any(part in setting.name for part in only):
            yield from synthetic(setting, seconds)
    if not only or "memory" in only:
        yield from memory(3 * seconds, 30.0)
    if "hours" in only:
        yield from memory(4 * 3600.0, 5.0)


def measure() -> list[Metric]:
    """All metrics."""
    return list(rows(20.0, ()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--seconds", type=float, default=20.0)
    args = parser.parse_args()
    show(rows(args.seconds, args.only))
