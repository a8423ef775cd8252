"""Rig files: the cameras of one room in the order of their tables, each with its pose in the world."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from calibration.camera import Camera
from calibration.camera_file import (
    KEYS,
    STD_KEYS,
    CameraError,
    Table,
    camera_toml,
    foreign_cameras,
    quoted_key,
    rig_cameras,
    toml_value,
)
from calibration.world import WorldPose
from engines.files.atomic import write_atomically
from engines.files.suggestions import did_you_mean
from engines.files.toml_file import read_toml

MOST_CAMERAS = 64
LONGEST_NAME = 30  # characters; names of cameras are names of streams
NAME = re.compile(r"[A-Za-z0-9._-]+")
SAME_POSE = 1e-4  # m, and of rotation matrices: cameras that differ by less are one camera that is listed twice


class RigError(CameraError):
    """A rig file cannot be used."""


@dataclass(frozen=True, slots=True)
class PoseUncertainty:
    """How well a camera's pose is known, relative to the rig as a whole.

    Attributes:
        rotation_deg: standard deviation of the angle by which the rotation is off, degrees.
        position_m: standard deviation of the distance by which the position is off, m.
    """

    rotation_deg: float
    position_m: float


@dataclass(frozen=True, slots=True)
class Rig:
    """Cameras of one room, with their poses in one world: z up, the floor at z = 0, meters.

    Attributes:
        cameras: by name, in their order; the `world` of each is its pose.
        uncertainty: of the poses, by name; a camera whose uncertainty is unknown is not in it.
        calibration: what the calibration says about itself, as texts and numbers.

    Raises RigError for fewer than two cameras, a camera without a pose, an invalid name, and a camera that is there
    twice.
    """

    cameras: Mapping[str, Camera]
    uncertainty: Mapping[str, PoseUncertainty] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self.cameras)
        unknown = set(self.uncertainty) - set(self.cameras)
        if unknown:
            raise RigError(f"uncertainty of cameras that are not in the rig: {', '.join(sorted(unknown))}")
        for name in ("cameras", "uncertainty", "calibration"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def names(self) -> tuple[str, ...]:
        """The cameras' names in their order."""
        return tuple(self.cameras)

    @property
    def poses(self) -> dict[str, WorldPose]:
        """The cameras' poses by name, in their order."""
        return {name: camera.world for name, camera in self.cameras.items() if camera.world is not None}


def check_camera_name(name: str) -> str:
    """The name, if a stream can have it. Raises RigError."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME or not name.strip("."):
        raise RigError(
            f"the camera's name {name!r:.60}: use 1 to {LONGEST_NAME} letters, digits, '.', '_' and '-', not dots alone"
        )
    return name


def _check(cameras: Mapping[str, Camera]) -> None:
    if not 2 <= len(cameras) <= MOST_CAMERAS:
        has = "no camera" if not cameras else f"{len(cameras)} camera{'s' * (len(cameras) > 1)}"
        raise RigError(f"{has}; a rig has 2 to {MOST_CAMERAS} cameras")
    for name, camera in cameras.items():
        check_camera_name(name)
        if camera.world is None:
            raise RigError(f"camera {name} has no pose; it needs rotation (3 x 3) and translation (m), world to camera")
    poses = {name: camera.world for name, camera in cameras.items() if camera.world is not None}
    for (first, one), (second, other) in combinations(poses.items(), 2):
        near = np.abs(one.position - other.position).max() < SAME_POSE
        if near and np.abs(one.rotation - other.rotation).max() < SAME_POSE:
            raise RigError(f"cameras {first} and {second} have the same pose; give each camera its own")


def read_rig(path: str | Path) -> Rig:
    """The rig in a file: rig.toml, or a TOML file of Pose2Sim or caliscope (docs/reference/camera.md).

    Raises:
        RigError: In one line, when the file is missing or does not describe a rig.
    """
    file = Path(path)
    table = read_toml(file, "a rig file", RigError, pipes=True)
    try:
        cameras = foreign_cameras(file, table)
        own = not cameras
        if own:
            cameras = _own_cameras(file, table)
        if len(cameras) > MOST_CAMERAS:
            raise RigError(f"{len(cameras)} cameras; a rig has 2 to {MOST_CAMERAS} cameras")
        loaded = {}
        for name, entry in cameras.items():
            check_camera_name(name)
            loaded[name] = Camera.of_table(entry, f"{file}: camera {name}")
        uncertainty = {name: _uncertainty(file, name, entry) for name, entry in cameras.items()}
        calibration = table.get("calibration", {}) if own else {}
        return Rig(loaded, {name: std for name, std in uncertainty.items() if std is not None}, calibration)
    except CameraError as error:
        text = str(error)
        raise RigError(text if text.startswith(f"{file}: ") else f"{file}: {text}") from None


def _own_cameras(file: Path, table: Table) -> dict[str, Table]:
    if "cameras" not in table and any(key in KEYS for key in table):
        raise RigError(f"{file}: describes one camera; a rig has a table [cameras.NAME] for each of its cameras")
    for key in table:
        if key not in ("cameras", "calibration"):
            raise RigError(f"{file}: unknown key {key!r:.60}{did_you_mean(key, ('cameras', 'calibration'))}")
    cameras = table.get("cameras", {})
    if not isinstance(cameras, dict) or not isinstance(table.get("calibration", {}), dict):
        raise RigError(f"{file}: cameras and calibration must be tables, for example [cameras.left]")
    return rig_cameras(file, table)


def _uncertainty(file: Path, name: str, entry: Table) -> PoseUncertainty | None:
    given = [entry[key] for key in STD_KEYS if key in entry]
    if not given:
        return None
    numbers = [number for number in given if isinstance(number, int | float) and not isinstance(number, bool)]
    if len(numbers) != len(STD_KEYS) or not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise RigError(f"{file}: camera {name}: {' and '.join(STD_KEYS)} must be two numbers, zero or more")
    return PoseUncertainty(float(numbers[0]), float(numbers[1]))


def rig_toml(rig: Rig, comments: Iterable[str] = ()) -> str:
    """The text of a rig file."""
    parts = ["".join(f"# {comment}\n" for comment in comments)]
    for name, camera in rig.cameras.items():
        text = f"[cameras.{quoted_key(name)}]\n{camera_toml(camera.table())}"
        std = rig.uncertainty.get(name)
        if std is not None:
            values = (std.rotation_deg, std.position_m)
            text += "".join(f"{key} = {toml_value(value)}\n" for key, value in zip(STD_KEYS, values, strict=True))
        parts.append(text)
    if rig.calibration:
        lines = [f"{quoted_key(key)} = {toml_value(value)}\n" for key, value in rig.calibration.items()]
        parts.append("[calibration]\n" + "".join(lines))
    return "\n".join(part for part in parts if part)


def write_rig(path: Path, rig: Rig, comments: Iterable[str] = ()) -> None:
    """Write a rig file; an existing one is replaced when the new one is complete. Raises OSError."""
    write_atomically(path, rig_toml(rig, comments).encode())
