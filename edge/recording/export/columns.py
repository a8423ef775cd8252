"""Export of recordings as Parquet: one row per person and frame, for pandas, Polars, DuckDB, Spark and others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from edge.errors import OutputError, RecordingError
from edge.recording.mcap_file import Recording
from edge.sinks.output_file import OutputFile
from engines.errors import UnknownNameError
from engines.files.suggestions import did_you_mean
from meshcast.errors import WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import TOPIC_PREFIXES, Kind
from meshcast.protocol.packets import FramePacket, ModelPacket

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 4096  # rows of a row group, and in memory
SURFACE_ROWS = 64  # of a file with vertices
NAME_BYTES = 4096  # memory of a stream: its names and those of its joints

# What the columns hold; UNIT is that of the recording. Arrays of several dimensions are flat, the last one fastest.
COLUMNS = {
    "stream": "name of the stream",
    "session": "random number of one run of the publisher; ids and times restart with it",
    "frame": "index of the frame in the stream",
    "t_s": "time of the stream from its first frame, s",
    "t_capture_unix_ns": "time of capture, ns since 1970",
    "id": "id of the person in the session",
    "score": "confidence in the person, 0 to 1",
    "root": "(3,) place of the root joint, UNIT",
    "joints": "(J, 3) places of the joints, UNIT; null where level joints was not recorded",
    "rotations": "(P, 3) rotation vectors of the skeleton's joints, local to their parents, the first in the space of "
    "the coordinates; radians; null where level params was not recorded",
    "shape": "coefficients of the body's shape; null where level params was not recorded",
    "visibility": "(P,) visibility of the skeleton's joints, 0 to 1; null where it is unknown",
    "contacts": "(2,) probability that the left and the right foot stand, 0 to 1; null where it is unknown",
}
VERTICES = {"vertices": "(V, 3) vertices of the surface, UNIT; null where no surface was recorded"}
LEVELS = (Kind.PARAMS, Kind.JOINTS, Kind.MESH, Kind.MESH_LOD)


def write_columns(path: Path, recording: Recording, *, stream: str = "", surface: bool = False) -> dict[str, int]:
    """Write the people of a recording to a Parquet file, which appears complete or not at all.

    The metadata of the file have, as JSON under the key "meshcast", the columns with their units, axes and unit of the
    coordinates, and of each stream the body model with the names of its joints and the camera.

    Args:
        path: the .parquet file.
        recording: of one or more streams, of level params, joints or both.
        stream: the only stream to write; empty: all.
        surface: also write the vertices of level mesh or mesh-lod.

    Returns:
        The number of rows of each stream with frames.

    Raises:
        OutputError: the file cannot be written, or pyarrow is missing.
        RecordingError: the recording is damaged or has no frames.
        UnknownNameError: there is no such stream.
    """
    check_columns(f"{path}: ")
    streams: dict[str, _Stream] = {}
    target = OutputFile(path)
    try:
        with _Table(target, COLUMNS | (VERTICES if surface else {}), SURFACE_ROWS if surface else GROUP_ROWS) as table:
            for recorded in recording:
                packet = decode(recorded.message)
                if packet.stream not in streams:
                    recording.budget.reserve(NAME_BYTES, f"{recording.path}: the streams")
                    streams[packet.stream] = _Stream(stream in ("", packet.stream), surface)
                table.add(streams[packet.stream].rows(packet))
            for known in streams.values():
                table.add(known.end())
            chosen = _chosen(recording, streams, stream)
            table.describe({name: known.about() for name, known in chosen.items()})
    except WireError as error:
        target.discard()
        raise RecordingError(f"{recording.path}: {error}") from None
    except OSError as error:
        target.discard()
        raise target.error(error) from None
    except BaseException:
        target.discard()
        raise
    target.commit()
    return {name: known.count for name, known in chosen.items()}


def check_columns(subject: str = "") -> None:
    """Raises OutputError, whose message begins with `subject`, when pyarrow is missing."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError:
        raise OutputError(f"{subject}Parquet needs the package pyarrow; pip install 'meshcast[columns]'") from None


def _chosen(recording: Recording, streams: dict[str, _Stream], stream: str) -> dict[str, _Stream]:
    """The streams with frames that were wanted."""
    found = {name: known for name, known in streams.items() if known.first is not None}
    if stream and stream not in found:
        hint = did_you_mean(stream, found)
        raise UnknownNameError(f"{recording.path}: no stream {stream!r}{hint}; choose from {', '.join(found)}")
    if not found:
        raise RecordingError(f"{recording.path}: no frames of Meshcast")
    return {name: known for name, known in found.items() if known.wanted}


@dataclass(slots=True)
class _Stream:
    """The messages of one stream. Those of one frame, of several levels, follow one another in a recording.

    wanted: whether its rows are. surface: whether they have vertices. first: its first frame message.
    """

    wanted: bool
    surface: bool
    count: int = 0
    first: FramePacket | None = None
    _model: ModelPacket | None = None
    _levels: dict[str, FramePacket] = field(default_factory=dict)

    def rows(self, packet: Any) -> Iterator[dict[str, Any]]:
        """The rows of the frame that is complete with this message."""
        if isinstance(packet, ModelPacket):
            self._model = packet
        if not isinstance(packet, FramePacket):
            return
        other = next(iter(self._levels.values()), None)
        if other is not None and (other.session, other.seq) != (packet.session, packet.seq):
            yield from self.end()
        self.first = self.first or packet
        self._levels[packet.level] = packet

    def end(self) -> Iterator[dict[str, Any]]:
        """The rows of the last frame."""
        levels, self._levels = self._levels, {}
        frames = {kind: levels.get(TOPIC_PREFIXES[kind]) for kind in LEVELS}
        first = next((frame for frame in frames.values() if frame is not None), None)
        if first is None or not self.wanted:
            return
        params, joints = frames[Kind.PARAMS], frames[Kind.JOINTS]
        meshes = frames[Kind.MESH] or frames[Kind.MESH_LOD]
        for row, identity in enumerate(first.people.ids.tolist()):
            self.count += 1
            yield {
                "stream": first.stream,
                "session": first.session,
                "frame": first.frame_index,
                "t_s": first.t_stream_s,
                "t_capture_unix_ns": first.t_capture_unix_ns,
                "id": identity,
                "score": float(first.people.scores[row]),
                "root": first.people.translation[row],
                "joints": _of(joints, identity, "joints"),
                "rotations": _of(params, identity, "rotvecs"),
                "shape": _of(params, identity, "shape"),
                "visibility": _of(first, identity, "visibility"),
                "contacts": _of(first, identity, "contacts"),
                **({"vertices": _of(meshes, identity, "vertices")} if self.surface else {}),
            }

    def about(self) -> dict[str, Any]:
        """What the metadata say of the stream."""
        assert self.first is not None
        camera, body = self.first.camera, self._model.body if self._model is not None else None
        return {
            "axes": self.first.axes,
            "unit": self.first.unit,
            "space": self.first.space,
            "image_size": list(self.first.size),
            "K": None if camera is None else np.asarray(camera.K).tolist(),
            "model": self.first.model_name,
            "joint_names": None if body is None else list(body.joint_names),
            "parents": None if body is None else np.asarray(body.parents).tolist(),
        }


class _Table:
    """A Parquet file that is written in groups of rows."""

    def __init__(self, target: OutputFile, columns: dict[str, str], rows: int) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {
            **dict.fromkeys(("session", "frame", "t_capture_unix_ns", "id"), pa.int64()),
            "stream": pa.dictionary(pa.int32(), pa.string()),
            "t_s": pa.float64(),
            "score": pa.float32(),
        }
        fields = [
            pa.field(name, kinds.get(name, pa.list_(pa.float32())), metadata={"description": text})
            for name, text in columns.items()
        ]
        self._columns, self._limit = columns, rows
        self._schema: pa.Schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(target.file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> _Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError) if kind is not None else nullcontext():  # a failed file is discarded
            self._writer.close()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self._rows.append(row)
            if len(self._rows) == self._limit:
                self._write()

    def describe(self, streams: dict[str, Any]) -> None:
        """Write the remaining rows and the metadata."""
        self._write()
        about = {"columns": self._columns, "streams": streams}
        self._writer.add_key_value_metadata({"meshcast": json.dumps(about)})

    def _write(self) -> None:
        import pyarrow as pa

        rows, self._rows = self._rows, []
        arrays = [pa.array([row[name] for row in rows], self._schema.field(name).type) for name in self._columns]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))


def _of(frame: FramePacket | None, identity: int, name: str) -> Any:
    """The flat array of a person, None where the level or the array is missing."""
    if frame is None:
        return None
    values = cast("np.ndarray[Any, Any] | None", getattr(frame.people, name))
    found = np.flatnonzero(frame.people.ids == identity)
    return values[found[0]].ravel() if values is not None and values.size and len(found) else None
