"""Memory of a room over hours: people come and go, and cameras drop out and return."""

from __future__ import annotations

import resource
import sys
from collections import deque
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from metric import Metric

sys.path.insert(0, str(Path(__file__).parents[2]))

from edge.room.alignment import AlignmentConfig, Sample
from edge.room.fusion import RoomFusion
from edge.runtime.room_results import RoomResults
from edge.timing import Timings
from tests.support.rooms import Room, around, body_and_model

PAGE_BYTES = resource.getpagesize()
CAMERAS, PEOPLE = 4, 4
STAY_S = 31.0  # in the room, and as long out of it
BURST_S, PAUSE_S = 20.0, 40.0  # with frames, and without any
GAP_S, EVERY_S = 7.0, 20.0  # of a camera that drops out
OPAQUE = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, str, int, float)


def memory(seconds: float, fps: float) -> list[Metric]:
    """Growth of the process and of what the room remembers, over a simulated time.

    Only a third of the time has frames, and nothing waits.
    """
    gaps = [(c % CAMERAS, EVERY_S * c, EVERY_S * c + GAP_S) for c in range(1, int(seconds / EVERY_S))]
    cameras = around(CAMERAS)
    room = Room(cameras, PEOPLE, gaps=gaps, stay_s=STAY_S)
    body, model = body_and_model()
    fusion = RoomFusion(body, model, cameras)
    results = RoomResults(
        fusion, Timings(), live=True, realtime=False, config=AlignmentConfig(capacity=1 << 10, gap_s=1.0)
    )
    fused = iter(results)
    resident, kept, ids = [], [], set()
    times = (t_s for index in range(round(seconds * fps)) if (t_s := index / fps) % (BURST_S + PAUSE_S) < BURST_S)
    for index, t_s in enumerate(times):
        views = [room.view(c, t_s) for c in range(CAMERAS)]
        for c, view in enumerate(views):
            if view is None:
                results.finish(c)
            else:
                results.add(c, Sample(t_s, index, round(t_s * 1e9), view))
        ids.update(next(fused).bodies.ids.tolist())
        if index % max(round(10 * fps), 1) == 0 and t_s > seconds / 20:
            resident.append(int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6)
            kept.append(size_of(results) / 1e6)
    part = max(len(kept) // 10, 1)
    before, after = (
        [float(np.median(sizes[at])) for sizes in (resident, kept)] for at in (slice(part), slice(-part, None))
    )
    name = "room memory"
    return [
        Metric(f"{name}: simulated time", seconds / 3600, "h"),
        Metric(f"{name}: ids of people", float(len(ids)), ""),
        Metric(f"{name}: returns of a camera", float(len(gaps)), ""),
        Metric(f"{name}: process, first tenth", before[0], "MB"),
        Metric(f"{name}: process, growth to the last tenth", after[0] - before[0], "MB"),
        Metric(f"{name}: tables of the room, first tenth", before[1], "MB"),
        Metric(f"{name}: tables of the room, growth to the last tenth", after[1] - before[1], "MB"),
    ]


def size_of(root: object) -> int:
    """Bytes of all objects that an object holds: arrays, containers, and instances with their attributes."""
    seen: set[int] = set()
    total, left = 0, [root]
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        left.extend(_parts(one))
    return total


def _parts(one: Any) -> list[Any]:
    if isinstance(one, OPAQUE) or one is None:
        return []
    if isinstance(one, np.ndarray):
        return [one.base] if one.base is not None else []
    if isinstance(one, dict):
        return [*one.keys(), *one.values()]
    if isinstance(one, (list, tuple, set, frozenset, deque)):
        return list(one)
    slots = [getattr(one, name, None) for kind in type(one).__mro__ for name in _slots(kind)]
    return [*slots, *getattr(one, "__dict__", {}).values()]


def _slots(kind: type) -> tuple[str, ...]:
    slots = getattr(kind, "__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
