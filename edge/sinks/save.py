"""Everything that was seen as one `.npz`: a row per person and frame, streamed so that memory stays flat."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from calibration.camera import Camera
from edge.errors import OutputError
from edge.sinks.target import Target
from edge.types import Array, Bodies, BodyModel, Frame


class NpzSaver:
    """Saves the people of every frame to `path`; `numpy.load(path, allow_pickle=False)` reads it.

    One row per person and frame, M rows: `frame` (M,) int64, `t_s` (M,) float64 s, `id` (M,) int32, `score` (M,)
    float32, `keypoints` (M, K, 3) float32 (x px, y px, score), `joints` (M, J, 3), `vertices` (M, V, 3) and
    `translation` (M, 3) float32 metres in the camera's frame, `row_K` (M, 3, 3) float64 and `row_image_size` (M, 2)
    int32 of the row's frame. Once: `joint_names`, `keypoint_names`, `faces` (F, 3) int32, `frames` (how many), and of
    the first frame `K` (3, 3), `distortion` (5,) and `image_size` (2,): width, height px.

    Raises OutputError at once when the suffix is not .npz or the folder cannot be written to, and later when the disk
    is full.
    """

    def __init__(self, path: str | Path, model: BodyModel) -> None:
        if Path(path).suffix.lower() != ".npz":
            raise OutputError(f"{path}: people are saved as .npz")
        self._target = Target(path)
        self._model = model
        self._camera: Camera | None = None
        self._frames = 0
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
        }
        folder = self._target.temporary.parent
        self._columns = {name: _Column(folder, np.dtype(kind), shape) for name, (kind, shape) in shapes.items()}

    def add(self, frame: Frame, bodies: Bodies, camera: Camera) -> None:
        """Add the people of one frame; none is fine."""
        self._camera = self._camera or camera
        self._frames += 1
        n = len(bodies)
        if not n:
            return
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
        }
        try:
            for name, values in rows.items():
                self._columns[name].append(values)
        except OSError as error:
            raise OutputError(f"{self._target.path}: cannot be written: {error.strerror}") from None

    def close(self) -> bool:
        """Put the file together; False when no frame was added, and so no file is left. Closing twice is harmless."""
        if not self._columns:
            return False
        columns, self._columns = self._columns, {}
        try:
            if self._camera is None:
                self._target.discard()
                return False
            self._assemble(columns, self._camera)
            self._target.commit()
            return True
        except OSError as error:
            self._target.discard()
            raise OutputError(f"{self._target.path}: cannot be written: {error.strerror}") from None
        except BaseException:
            self._target.discard()
            raise
        finally:
            for column in columns.values():
                column.close()

    def abort(self) -> None:
        """Leave nothing behind; what was at the path before stays."""
        columns, self._columns = self._columns, {}
        for column in columns.values():
            column.close()
        if columns:
            self._target.discard()

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
        # All columns have as many rows as the shortest, should an interrupt have come between two of them.
        rows = min(column.rows for column in columns.values())
        with zipfile.ZipFile(self._target.temporary, "w", zipfile.ZIP_STORED) as archive:
            for name, column in columns.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    column.copy_to(member, rows)
            for name, value in constants.items():
                with archive.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, np.asarray(value, order="C"), allow_pickle=False)


class _Column:
    """Rows of one kind in an unnamed temporary file, which vanishes by itself whatever happens."""

    def __init__(self, folder: Path, dtype: np.dtype[np.generic], row_shape: tuple[int, ...]) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by close()
        self._dtype = dtype
        self._row_shape = row_shape
        self._row_bytes = int(dtype.itemsize * np.prod(row_shape, dtype=np.int64))

    @property
    def rows(self) -> int:
        return self._file.tell() // self._row_bytes

    def append(self, values: Array) -> None:
        rows = np.ascontiguousarray(values, self._dtype)
        if rows.shape[1:] != self._row_shape:
            raise ValueError(f"rows are {rows.shape[1:]}, the body model says {self._row_shape}")
        self._file.write(rows.data)

    def copy_to(self, member: IO[bytes], rows: int) -> None:
        header = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (rows, *self._row_shape),
        }
        np.lib.format.write_array_header_1_0(member, header)
        self._file.truncate(rows * self._row_bytes)
        self._file.seek(0)
        shutil.copyfileobj(self._file, member, 1 << 20)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what cannot be written any more is not wanted any more
            self._file.close()
