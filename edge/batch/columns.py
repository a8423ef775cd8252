"""Columns: the rows of a `.npz` of `edge.sinks.npz` as Parquet, a block at a time."""

from __future__ import annotations

import importlib
import json
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np

from edge.errors import OutputError
from edge.sinks.output_file import OutputFile
from edge.types import Array
from engines.errors import MeshcastError

SUFFIX = ".parquet"
BLOCK_ROWS = 1024  # of a row group; with vertices, 85 MB
VERSION = 1
COMPRESSION = "zstd"

# Columns in their order: name, array of the .npz, unit. A row is a person in a frame.
COLUMNS = (
    ("frame", "frame", "index of the frame, from 0"),
    ("t_s", "t_s", "s"),
    ("id", "id", "track id"),
    ("score", "score", "0 to 1"),
    ("root", "translation", "m"),
    ("joints", "joints", "m"),
    ("rotations", "rotations", "rad"),
    ("shape", "shape", "standard deviations"),
    ("vertices", "vertices", "m"),
)


def write_columns(source: Path, target: Path, *, vertices: bool = False) -> int:
    """Write the rows of a `.npz` as Parquet, with constant memory.

    Arrays of a row are lists of their values in row-major order; the field's metadata has their shape and unit, that of
    the schema the axes and the names of the joints. Bodies without a rig have no `rotations` and `shape`.

    Args:
        source: the `.npz`.
        target: the Parquet file, which appears complete.
        vertices: with the column `vertices`.

    Returns:
        Number of rows.

    Raises:
        OutputError: the file cannot be written.
        MeshcastError: pyarrow is not installed.
    """
    arrow, parquet = _arrow()
    output = OutputFile(target)
    try:
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(source))
            present = {name.removesuffix(".npy") for name in archive.namelist()}
            chosen = [entry for entry in COLUMNS if entry[1] in present and (vertices or entry[0] != "vertices")]
            arrays = [_Rows(stack.enter_context(archive.open(f"{array}.npy"))) for _, array, _ in chosen]
            fields = [
                arrow.field(name, rows.arrow_type(arrow), nullable=False, metadata=_described(unit, rows))
                for (name, _, unit), rows in zip(chosen, arrays, strict=True)
            ]
            schema = arrow.schema(fields, metadata=_head(archive))
            with parquet.ParquetWriter(output.file, schema, compression=COMPRESSION) as writer:
                rows = arrays[0].count
                for begin in range(0, rows, BLOCK_ROWS):
                    count = min(BLOCK_ROWS, rows - begin)
                    values = [array.read(count, arrow, field.type) for array, field in zip(arrays, fields, strict=True)]
                    writer.write_table(arrow.Table.from_arrays(values, schema=schema))
        output.commit()
    except OSError as error:
        raise output.error(error) from None
    finally:
        output.discard()  # no effect after commit()
    return rows


def check_columns() -> None:
    """Raise MeshcastError where pyarrow is not installed."""
    _arrow()


class _Rows:
    """One array of the archive, read from its beginning."""

    def __init__(self, file: IO[bytes]) -> None:
        major, _ = np.lib.format.read_magic(file)
        if major != 1:
            raise OutputError("results with an unknown header cannot be written as columns")
        shape, _, self.dtype = np.lib.format.read_array_header_1_0(file)
        self._file = file
        self.count, self.shape = shape[0], shape[1:]
        self.width = int(np.prod(self.shape, dtype=np.int64))

    def arrow_type(self, arrow: Any) -> Any:
        scalar = arrow.from_numpy_dtype(self.dtype)
        return arrow.list_(scalar, self.width) if self.shape else scalar

    def read(self, rows: int, arrow: Any, kind: Any) -> Any:
        """The next rows."""
        data = self._file.read(rows * self.width * self.dtype.itemsize)
        values: Array = np.frombuffer(data, self.dtype)
        flat = arrow.array(values)
        return arrow.FixedSizeListArray.from_arrays(flat, type=kind) if self.shape else flat


def _described(unit: str, rows: _Rows) -> dict[str, str]:
    return {"unit": unit, "shape": json.dumps(rows.shape)} if rows.shape else {"unit": unit}


def _head(archive: zipfile.ZipFile) -> dict[str, str]:
    """Metadata of the schema."""
    with archive.open("joint_names.npy") as member:
        names = np.lib.format.read_array(member, allow_pickle=False)
    with archive.open("frames.npy") as member:
        frames = np.lib.format.read_array(member, allow_pickle=False)
    return {
        "meshcast_columns": str(VERSION),
        "axes": "opencv: x right, y down, z forward, in the camera's frame",
        "rotations": "axis-angle vectors of the skeleton's joints relative to their parents",
        "joint_names": json.dumps(names.tolist()),
        "frames": str(int(frames)),
    }


def _arrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise MeshcastError("columns: pyarrow is not installed; run pip install 'meshcast[store]'") from None
