"""What a run did, as one JSON file that scripts can read."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge.sinks.target import Target
from edge.timing import Timings
from edge.types import Bodies


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model of the run and what it ran on, for example ("nanodet_g", "openvino", "cpu", "bf16"); weights are
    "trained" or, where they are random, "untrained"."""

    name: str
    backend: str
    device: str
    precision: str
    weights: str = "trained"


class Summary:
    """Counts a run and writes it to `path` when closed; with `path` None it only counts.

    Raises OutputError at once when the folder cannot be written to.
    """

    def __init__(self, path: str | Path | None, source: str) -> None:
        self._target = Target(path) if path is not None else None
        self._source = source
        self._start = time.monotonic()
        self._ids: set[int] = set()
        self.models: dict[str, ModelUse] = {}
        self.remarks: tuple[str, ...] = ()
        self.problems: list[str] = []
        self.dropped = 0
        self.dropped_people = 0
        self.frames = 0
        self.frames_with_people = 0

    def start(self) -> None:
        """Start the clock: models are loaded, frames come now."""
        self._start = time.monotonic()

    def add(self, bodies: Bodies) -> None:
        """Count one frame and its people."""
        self.frames += 1
        if len(bodies):
            self.frames_with_people += 1
            self._ids.update(bodies.ids.tolist())

    def add_problem(self, text: str) -> None:
        """Note one problem in one line; the same line is noted once."""
        if text not in self.problems:
            self.problems.append(text)

    def report(self, timings: Timings, exit_status: int) -> dict[str, Any]:
        """The summary as it is written: plain numbers, strings, lists and dicts."""
        wall_s = time.monotonic() - self._start
        return {
            "source": self._source,
            "exit_status": exit_status,
            "frames": self.frames,
            "frames_with_people": self.frames_with_people,
            "ids": sorted(self._ids),
            "dropped_frames": self.dropped,
            "dropped_people": self.dropped_people,
            "wall_s": round(wall_s, 3),
            "fps": round(self.frames / wall_s, 2) if wall_s > 0 else 0.0,
            "stages_ms": _stage_table(timings),
            "models": {role: asdict(use) for role, use in self.models.items()},
            "remarks": list(self.remarks),
            "problems": list(self.problems),
        }

    def close(self, timings: Timings, exit_status: int) -> dict[str, Any]:
        """Write the file, whole or not at all, and return what it holds."""
        report = self.report(timings, exit_status)
        if self._target is not None:
            self._target.write((json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode())
            self._target = None
        return report

    def abort(self) -> None:
        """Leave nothing behind; what was at the path before stays."""
        if self._target is not None:
            self._target.discard()
            self._target = None


def _stage_table(timings: Timings) -> Mapping[str, Mapping[str, float]]:
    return {
        stage: {"mean": round(s.mean_ms, 3), "p50": round(s.p50_ms, 3), "p95": round(s.p95_ms, 3), "count": s.count}
        for stage, s in timings.stats().items()
    }
