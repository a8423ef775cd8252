"""Writer of all people as one `.npz`: a row per person and frame, streamed to disk with constant memory."""

from __future__ import annotations

import contextlib
import io
import shutil
import zipfile
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from calibration.camera import Camera
from edge.errors import OutputError
from edge.sinks.output_file import OutputFile
from edge.stages.inverse_kinematics import can_fit
from edge.types import F32, Array, Bodies, BodyModel, Frame, RigPose
from engines.files.atomic import write_all
from meshcast.protocol.layout import FEET
from meshcast.protocol.rotations import rotvec

RESERVE_BYTES = 1 << 20  # minimum step of disk space reservation
OVERHEAD_BYTES = 1 << 16  # maximum size of headers and directory of the file


class NpzWriter:
    """Writes the people of every frame to `path`; `numpy.load(path, allow_pickle=False)` reads it.

    One row per person and frame, M rows: `frame` (M,) int64, `t_s` (M,) float64 s, `id` (M,) int32, `score` (M,)
    float32, `keypoints` (M, K, 3) float32 (x px, y px, score), `joints` (M, J, 3), `vertices` (M, V, 3) and
    `translation` (M, 3) float32 meters in the camera's frame, `visibility` (M, J) and `contacts` (M, 2) float32 in
    0..1, NaN where unknown, `row_K` (M, 3, 3) float64 and `row_image_size` (M, 2) int32 of the row's frame. For a body
    with a rig also `rotations` (M, P, 3) float32 axis-angle rad, `shape` (M, B) and `fit_error_mm` (M,) float32. Once:
    `joint_names`, `keypoint_names`, `faces` (F, 3) int32, `frames` (number of frames), and of the first frame `K`
    (3, 3), `distortion` (5,) and `image_size` (2,): width, height in pixels.

    Of a room, coordinates are in its world frame (z up, the floor at z = 0); `cameras` (C,) are the names of its
    cameras, and `views` (M, C) uint8 is 1 for those that saw the person. There is no image: K and the positions of
    keypoints are 0.

    The disk space of the final file is reserved before rows are written, so that close() can always assemble the rows
    written before the disk is full.

    Raises OutputError at once if the suffix is not .npz or the folder is not writable, and later if the disk is full.
    """

    def __init__(self, path: str | Path | OutputFile, model: BodyModel, cameras: tuple[str, ...] = ()) -> None:
        """path: a path, or an open OutputFile. cameras: names of the cameras of a room."""
        if not isinstance(path, OutputFile):
            check_save_suffix(Path(path))
        self._target = path if isinstance(path, OutputFile) else OutputFile(path)
        self._model, self._cameras = model, cameras
        self._camera: Camera | None = None
        self._frames = self._reserved = 0
        shapes: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
            "frame": (np.int64, ()),
            "t_s": (np.float64, ()),
            "id": (np.int32, ()),
            "score": (np.float32, ()),
            "keypoints": (np.float32, (len(model.keypoint_names), 3)),
            "joints": (np.float32, (len(model.joint_names), 3)),
            "vertices": (np.float32, model.rest_vertices.shape),
            "translation": (np.float32, (3,)),
            "row_K": (np.float64, (3, 3)),
            "row_image_size": (np.int32, (2,)),
            "visibility": (np.float32, (len(model.joint_names),)),
            "contacts": (np.float32, (FEET,)),
        }
        if cameras:
            shapes["views"] = np.uint8, (len(cameras),)
        if model.rig is not None and can_fit(model):
            joints, _, shape_entries = model.rig.joint_shape_dirs.shape
            shapes["rotations"] = np.float32, (joints, 3)
            shapes["shape"] = np.float32, (shape_entries,)
            shapes["fit_error_mm"] = np.float32, ()
        self._columns: dict[str, _Column] = {}
        try:
            for name, (kind, shape) in shapes.items():
                self._columns[name] = _Column(self._target.scratch(), np.dtype(kind), shape)
            self._reserve(0)
        except OSError as error:
            self.abort()
            raise self._target.error(error) from None

    def add(self, frame: Frame, bodies: Bodies, camera: Camera, posed: RigPose | None = None) -> None:
        """Add the people of one frame, possibly none. posed: the rig poses of the same people, required if
        edge.stages.inverse_kinematics.can_fit(model). After an error the file holds the previous frames only."""
        n = len(bodies)
        rows = {
            "frame": np.full(n, frame.index),
            "t_s": np.full(n, frame.t_s),
            "id": bodies.ids,
            "score": bodies.scores,
            "keypoints": bodies.keypoints,
            "joints": bodies.joints,
            "vertices": bodies.vertices,
            "translation": bodies.translation,
            "row_K": np.broadcast_to(camera.K, (n, 3, 3)),
            "row_image_size": np.broadcast_to(camera.size, (n, 2)),
            "visibility": _known(bodies.visibility, n, len(self._model.joint_names)),
            "contacts": _known(bodies.contacts, n, FEET),
        }
        if bodies.views is not None:
            rows["views"] = bodies.views
        if posed is not None:
            rows |= {"rotations": rotvec(posed.rotations), "shape": posed.shape, "fit_error_mm": posed.error_mm}
        if n:
            ready = {name: column.encoded(rows[name]) for name, column in self._columns.items()}
            try:
                self._reserve(n)
                for name, column in self._columns.items():
                    column.append(ready[name], n)
            except OSError as error:
                self._roll_back()
                raise self._target.error(error) from None
            except BaseException:
                self._roll_back()
                raise
        self._camera = self._camera or camera
        self._frames += 1

    def close(self) -> bool:
        """Assemble the file; False if no frame was added, and then no file is left. Idempotent."""
        if not self._columns:
            return False
        columns, self._columns = self._columns, {}
        try:
            if self._camera is None:
                return False
            self._assemble(columns, self._camera)
            self._target.commit()
            return True
        except OSError as error:
            raise self._target.error(error) from None
        finally:
            self._target.discard()  # no effect after commit()
            for column in columns.values():
                column.close()

    def abort(self) -> None:
        """Discard the file; an existing file at the path stays."""
        columns, self._columns = self._columns, {}
        for column in columns.values():
            column.close()
        self._target.discard()

    def _reserve(self, more_rows: int) -> None:
        """Reserve disk space for the file with `more_rows` more rows. Raises OSError."""
        rows = next(iter(self._columns.values())).rows + more_rows
        size = rows * sum(column.row_bytes for column in self._columns.values())
        size += OVERHEAD_BYTES + self._model.faces.nbytes
        if size > self._reserved:
            ahead = size + max(RESERVE_BYTES, size // 8)
            try:
                self._target.reserve(ahead)
                self._reserved = ahead
            except OSError:  # less in advance
                self._target.reserve(size)
                self._reserved = size

    def _roll_back(self) -> None:
        """Remove the rows of a frame that could not be written to all columns."""
        rows = min(column.rows for column in self._columns.values())
        for column in self._columns.values():
            column.keep(rows)

    def _assemble(self, columns: dict[str, _Column], camera: Camera) -> None:
        constants: dict[str, Array] = {
            "joint_names": np.array(self._model.joint_names, np.str_),
            "keypoint_names": np.array(self._model.keypoint_names, np.str_),
            "faces": self._model.faces,
            "K": camera.K,
            "distortion": camera.distortion,
            "image_size": np.array(camera.size, np.int32),
            "frames": np.array(self._frames, np.int64),
        }
        if self._cameras:
            constants["cameras"] = np.array(self._cameras, np.str_)
        # Use the row count of the shortest column: an interrupt may have come between two columns.
        rows = min(column.rows for column in columns.values())
        file = io.BufferedRandom(self._target.file)  # type: ignore[arg-type]
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, column in columns.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    column.copy_to(member, rows)
            for name, value in constants.items():
                with archive.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, np.asarray(value, order="C"), allow_pickle=False)
        size = file.tell()  # the end of the file: release the remaining reservation
        file.flush()
        file.detach()
        self._target.file.truncate(size)


def check_save_suffix(path: Path) -> None:
    """Raise OutputError for another suffix."""
    if path.suffix.lower() != ".npz":
        raise OutputError(f"{path}: unsupported file type; use .npz")


def _known(values: F32 | None, rows: int, count: int) -> F32:
    """The values (rows, count), NaN where they are unknown."""
    return np.full((rows, count), np.nan, np.float32) if values is None else values


class _Column:
    """The rows of one array in an unnamed file."""

    def __init__(self, file: BinaryIO, dtype: np.dtype[np.generic], row_shape: tuple[int, ...]) -> None:
        self.row_bytes = int(dtype.itemsize * np.prod(row_shape, dtype=np.int64))
        self.rows = 0
        self._file = file
        self._dtype = dtype
        self._row_shape = row_shape

    def encoded(self, values: Array) -> memoryview:
        """Encode rows. Raises ValueError for rows of another shape."""
        rows = np.ascontiguousarray(values, self._dtype)
        if rows.shape[1:] != self._row_shape:
            raise ValueError(f"rows are {rows.shape[1:]}, expected {self._row_shape} for this body model")
        return rows.data

    def append(self, encoded: memoryview, rows: int) -> None:
        write_all(self._file, encoded)
        self.rows += rows

    def keep(self, rows: int) -> None:
        """Keep the first `rows` rows only."""
        self.rows = rows
        self._file.seek(rows * self.row_bytes)

    def copy_to(self, member: IO[bytes], rows: int) -> None:
        header = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (rows, *self._row_shape),
        }
        np.lib.format.write_array_header_1_0(member, header)
        self._file.truncate(rows * self.row_bytes)
        self._file.seek(0)
        shutil.copyfileobj(self._file, member, 1 << 20)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # unwritten data of a temporary file is not needed
            self._file.close()
