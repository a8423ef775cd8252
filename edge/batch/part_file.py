"""The results of a part of a video in a file, frame by frame, so that parts can be joined without being in memory.

A record is the length of its head and of its data as two little-endian uint32, the head as JSON, and the data: arrays
in C order, one after the other. Files are written and read by workers of one batch, and their hashes are checked
before they are read.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import OutputError
from edge.runtime.async_pipeline import FrameResult
from edge.sinks.output_file import OutputFile
from edge.types import Array, Bodies, Frame, RigPose
from engines.files.atomic import write_all

SUFFIX = ".part"
MAX_RECORD_BYTES = 1 << 31
BODIES = (
    "ids",
    "scores",
    "keypoints",
    "joints",
    "vertices",
    "translation",
    "rotations",
    "shape",
    "visibility",
    "contacts",
)
RIG_POSE = ("rotations", "shape", "error_mm")
_LENGTHS = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class PartFrame:
    """The bodies of a frame. age_ns: time from its capture to the end of its processing. The frame's image is blank."""

    frame: Frame
    bodies: Bodies
    rig_pose: RigPose | None
    age_ns: int


class PartWriter:
    """Writes the results of a part; a sink of a run (see edge.runtime.outputs.Sink)."""

    stage, rotations = "save", True

    def __init__(self, path: Path, *, begin: int, surface: bool) -> None:
        """
        Args:
            path: of the file, which appears when it is complete.
            begin: index of the first frame of the part: what comes before serves for its ids alone.
            surface: whether vertices are kept.

        Raises:
            OutputError: the file cannot be written.
        """
        self.path: Path | None = path
        self._target = OutputFile(path)
        self._begin, self._surface = begin, surface
        self._frames = 0

    def write(self, result: FrameResult) -> None:
        """Add a frame. Raises OutputError."""
        frame, posed = result.frame, result.rig_pose
        whole = frame.index >= self._begin
        arrays: dict[str, Array] = {}
        for name in BODIES:
            value = getattr(result.bodies, name)
            if name == "vertices" and not (whole and self._surface):
                value = value[:, :0]
            if value is not None:
                arrays[name] = np.ascontiguousarray(value)
        if posed is not None and whole:
            arrays |= {f"rig_{name}": np.ascontiguousarray(getattr(posed, name)) for name in RIG_POSE}
        head = {
            "frame": (frame.stream, frame.index, frame.t_s, frame.image.shape[:2], frame.raster),
            "age_ns": time.monotonic_ns() - frame.t_capture_ns,
            "arrays": [(name, array.dtype.str, array.shape) for name, array in arrays.items()],
        }
        text = json.dumps(head).encode()
        data = b"".join(array.tobytes() for array in arrays.values())
        try:
            write_all(self._target.file, _LENGTHS.pack(len(text), len(data)) + text + data)
        except OSError as error:
            raise self._target.error(error) from None
        self._frames += 1

    def close(self) -> bool:
        """Complete the file. Raises OutputError."""
        if not self._frames:
            self.abort()
            return False
        self._target.commit()
        return True

    def abort(self) -> None:
        """Discard the file."""
        self._target.discard()


def read_part(path: Path) -> Iterator[PartFrame]:
    """The frames of a part in order. Raises OutputError for a file that is missing or damaged."""
    try:
        with path.open("rb") as file:
            while lengths := file.read(_LENGTHS.size):
                head_bytes, data_bytes = _LENGTHS.unpack(lengths)
                if head_bytes + data_bytes > MAX_RECORD_BYTES:
                    raise ValueError("the record is too long")
                head = json.loads(file.read(head_bytes))
                yield _frame(head, file.read(data_bytes))
    except OSError as error:
        raise OutputError(f"{path}: cannot be read again: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise OutputError(f"{path}: damaged: {error}; the same command processes this part again") from None


def _frame(head: dict[str, Any], data: bytes) -> PartFrame:
    arrays: dict[str, Array] = {}
    offset = 0
    for name, kind, shape in head["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(data, np.dtype(kind), count, offset).reshape(shape)
        offset += arrays[name].nbytes
    stream, index, t_s, size, raster = head["frame"]
    image = np.broadcast_to(np.zeros(3, np.uint8), (*size, 3))
    captured_ns = time.monotonic_ns() - head["age_ns"]
    frame = Frame(stream, index, captured_ns, t_s, image, None if raster is None else tuple(raster))
    posed = None
    if "rig_rotations" in arrays:
        posed = RigPose(*(arrays[f"rig_{name}"] for name in RIG_POSE))
    fields: dict[str, Any] = {name: arrays[name] for name in BODIES if name in arrays}
    bodies = Bodies(**fields)
    return PartFrame(frame, bodies, posed, head["age_ns"])
