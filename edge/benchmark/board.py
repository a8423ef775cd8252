"""Boards for simulations: the times of stages on a processor and a GPU, from a TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from engines.files.suggestions import did_you_mean
from engines.files.toml_file import read_toml

HOST = ("decode", "upload", "detect", "track", "pose", "mesh", "output")
GPU = ("copy_in", "letterbox", "detector", "crops", "pose", "mesh", "skinning", "copy_out")
TABLES = ("name", "times", "cores", "run", "host_ms", "gpu_ms")
RUN = {"cameras": 1, "people": 1, "fps": 0.0, "detect_every": 8, "frames": 300, "boxes_follow_on_device": False}


@dataclass(frozen=True, slots=True)
class StageTime:
    """Milliseconds of a stage: for a frame, and for each person in it. python: the part that holds the interpreter."""

    frame: float = 0.0
    person: float = 0.0
    python: float = 0.0

    def of(self, people: int) -> float:
        """For a frame with so many people."""
        return self.frame + people * self.person


@dataclass(frozen=True, slots=True)
class Board:
    """What a simulation needs to know.

    Attributes:
        name: of the board.
        times: where the times come from, such as "lower bounds" or "measured".
        cores: of the processor.
        cameras: streams at the same time.
        people: people in each frame.
        fps: frame rate of live cameras; 0: files, as fast as possible.
        detect_every: frames from one detection to the next.
        frames: simulated frames of each camera.
        boxes_follow_on_device: whether crops of a frame do not wait for the host's tracker.
        host: stages on the processor, by name.
        gpu: stages on the GPU, by name; empty: the processor does everything.
    """

    name: str
    times: str
    cores: int
    cameras: int
    people: int
    fps: float
    detect_every: int
    frames: int
    boxes_follow_on_device: bool
    host: dict[str, StageTime]
    gpu: dict[str, StageTime]

    @staticmethod
    def load(path: Path) -> Board:
        """Read a file. Raises ConfigError, one line, for one that is not a board."""
        given = read_toml(path, "a board", ConfigError)
        _check(path, given, TABLES, "")
        run = given.get("run", {})
        _check(path, run, tuple(RUN), "run.")
        values: dict[str, Any] = {}
        for key, default in RUN.items():
            values[key] = run.get(key, default)
            if isinstance(values[key], bool) is not isinstance(default, bool) or not isinstance(
                values[key], int | float
            ):
                raise ConfigError(f"{path}: run.{key}: {values[key]!r} is not a number")
        for key in ("cameras", "people", "detect_every", "frames"):
            if values[key] != int(values[key]) or not 1 <= values[key] <= 100_000:
                raise ConfigError(f"{path}: run.{key}: {values[key]!r} is not a number from 1 to 100000")
        cores = given.get("cores")
        if not isinstance(cores, int) or isinstance(cores, bool) or not 1 <= cores <= 1024:
            raise ConfigError(f"{path}: cores: {cores!r} is not a number from 1 to 1024")
        return Board(
            name=str(given.get("name", path.stem)),
            times=str(given.get("times", "of unknown origin")),
            cores=cores,
            host=_stages(path, given.get("host_ms", {}), HOST, "host_ms."),
            gpu=_stages(path, given.get("gpu_ms", {}), GPU, "gpu_ms."),
            **values,
        )


def _stages(path: Path, table: Any, names: tuple[str, ...], where: str) -> dict[str, StageTime]:
    _check(path, table, names, where)
    return {name: _stage(path, value, f"{where}{name}") for name, value in table.items()}


def _stage(path: Path, value: Any, where: str) -> StageTime:
    parts = value if isinstance(value, dict) else {"frame": value}
    _check(path, parts, ("frame", "person", "python"), f"{where}.")
    for part in parts.values():
        if isinstance(part, bool) or not isinstance(part, int | float) or not 0 <= part < 1e6:
            raise ConfigError(f"{path}: {where}: {part!r} is not a time in milliseconds")
    if parts.get("python", 0.0) > 1:
        raise ConfigError(f"{path}: {where}.python: a share from 0 to 1")
    return StageTime(**{key: float(part) for key, part in parts.items()})


def _check(path: Path, table: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: {where.rstrip('.')}: not a table")
    for key in table:
        if key not in known:
            raise ConfigError(f"{path}: unknown key {where}{key}{did_you_mean(str(key), known)}")
