"""Random access to the frames of a recording: where each message is in the file, in the order of capture."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.world import Floor
from edge.errors import RecordingError
from edge.recording.camera_pose import read_camera_pose
from edge.recording.mcap_file import Recording
from meshcast.protocol.layout import COMMON_HEADER, FRAME_HEADER, TOPIC_PREFIXES, Kind, read_header, read_kind

MAX_FRAMES = 2_000_000  # of all streams: 18 hours at 30 a second
MAX_STREAMS = 256
MAX_MODELS = 64  # of a stream
CACHED_CHUNKS = 4
RECENT = 4  # frames among which the other levels of a frame are
SHIFT = 20  # bits for the number of a message in its chunk
NOWHERE = -1
PREVIEW = TOPIC_PREFIXES[Kind.PREVIEW]


class _Rows:
    """The frames of a stream while the file is read: times in ns, and places of messages by level."""

    def __init__(self) -> None:
        self.sessions = array("q")
        self.seqs = array("Q")
        self.captured_ns = array("q")
        self.places: dict[str, array[int]] = {}
        self.previews: list[tuple[int, int, int]] = []  # session, time of capture, place
        self.models: dict[int, int] = {}
        self.offsets_ns: dict[int, int] = {}  # by session: least time from capture to log

    def add(self, level: str, session: int, seq: int, captured_ns: int, place: int) -> bool:
        """Add a message of a frame; False for one of a known frame."""
        row = len(self.seqs)
        for known in range(row - 1, max(-1, row - 1 - RECENT), -1):
            if self.seqs[known] == seq and self.sessions[known] == session:
                row = known
        new = row == len(self.seqs)
        if new:
            self.sessions.append(session)
            self.seqs.append(seq)
            self.captured_ns.append(captured_ns)
        places = self.places.setdefault(level, array("q"))
        places.extend([NOWHERE] * (row + 1 - len(places)))
        places[row] = place
        return new


class StreamIndex:
    """One stream of a recording.

    Attributes:
        times_s: (F,) float64, when each frame was captured, from the first message of the file on; increasing.
        levels: levels of detail that it has.
        has_previews: whether it has previews.
        floor: the floor in the camera's frame, where the recording knows the camera's pose.
    """

    def __init__(self, rows: _Rows, begin_ns: int, floor: Floor | None) -> None:
        count = len(rows.seqs)
        offsets = np.array([rows.offsets_ns[session] for session in rows.sessions], np.int64)
        times_ns = np.frombuffer(rows.captured_ns, np.int64) + offsets - begin_ns if count else np.zeros(0, np.int64)
        order = np.argsort(times_ns, kind="stable")
        self.times_s: NDArray[np.float64] = times_ns[order] / 1e9
        self.levels = tuple(rows.places)
        self.floor = floor
        self.models = tuple(rows.models.values())
        self._places = {
            level: np.pad(np.frombuffer(places, np.int64), (0, count - len(places)), constant_values=NOWHERE)[order]
            for level, places in rows.places.items()
        }
        self.has_previews = bool(rows.previews)
        if rows.previews:
            self._places[PREVIEW] = self._matched(rows, np.array(rows.previews, np.int64), order)

    def places(self, topic: str, start: int, stop: int) -> list[int]:
        """Places of the messages of frames start to stop; NOWHERE where there is none."""
        found = self._places.get(topic)
        return [NOWHERE] * (stop - start) if found is None else found[start:stop].tolist()

    @staticmethod
    def _matched(rows: _Rows, previews: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place of the preview of each frame: both have the same time of capture."""
        places = np.full(len(order), NOWHERE, np.int64)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        known = {key: row for row, key in enumerate(zip(rows.sessions, rows.captured_ns, strict=True))}
        for session, captured_ns, place in previews.tolist():
            if (row := known.get((session, captured_ns))) is not None:
                places[rank[row]] = place
        return places


class RecordingIndex:
    """The streams of a recording and their messages. Reads the file once; not thread-safe.

    Attributes:
        streams: by name.
        truncated: the file ends early.

    Raises:
        RecordingError: the file cannot be read, is corrupted, has no frame or too many.
    """

    def __init__(self, path: str | Path) -> None:
        self._recording = Recording(path)
        self._chunks: OrderedDict[int, Sequence[bytes]] = OrderedDict()
        rows: dict[str, _Rows] = {}
        begin_ns: int | None = None
        frames = 0
        for offset, number, recorded in self._recording.located():
            begin_ns = recorded.t_ns if begin_ns is None else begin_ns
            kind = read_kind(recorded.message)
            if kind in (Kind.STATUS, Kind.STATS):
                continue
            layout = COMMON_HEADER if kind is Kind.MODEL else FRAME_HEADER
            head = read_header(recorded.message, layout, kind)
            if head["stream"] not in rows and len(rows) >= MAX_STREAMS:
                raise RecordingError(f"{path}: more than {MAX_STREAMS} streams; record fewer, with --stream")
            stream = rows.setdefault(head["stream"], _Rows())
            place = offset << SHIFT | number
            if kind is Kind.MODEL:
                if len(stream.models) < MAX_MODELS:
                    stream.models.setdefault(head["model_id"], place)
                continue
            session, captured_ns = head["session"], head["t_capture_monotonic_ns"]
            if kind is Kind.PREVIEW:
                stream.previews.append((session, captured_ns, place))
                continue
            way_ns = recorded.t_ns - captured_ns
            stream.offsets_ns[session] = min(way_ns, stream.offsets_ns.get(session, way_ns))
            frames += stream.add(TOPIC_PREFIXES[kind], session, head["seq"], captured_ns, place)
            if frames > MAX_FRAMES:
                raise RecordingError(f"{path}: more than {MAX_FRAMES} frames; record shorter files")
        self.truncated = self._recording.truncated
        if not frames:
            raise RecordingError(f"{path}: no frame; record a stream while its publisher runs")
        self.streams = {
            name: StreamIndex(stream, begin_ns or 0, self._floor(name)) for name, stream in rows.items() if stream.seqs
        }

    def message(self, place: int) -> bytes:
        """The message at a place. Raises RecordingError."""
        offset, number = place >> SHIFT, place & ((1 << SHIFT) - 1)
        messages = self._chunks.get(offset)
        if messages is None:
            messages = self._recording.messages_at(offset)
            self._chunks[offset] = messages
            if len(self._chunks) > CACHED_CHUNKS:
                self._chunks.popitem(last=False)
        self._chunks.move_to_end(offset)
        if number >= len(messages):
            raise RecordingError(f"{self._recording.path}: has changed; open it again")
        return messages[number]

    def _floor(self, stream: str) -> Floor | None:
        pose = read_camera_pose(self._recording, stream)
        return None if pose is None else pose.floor
