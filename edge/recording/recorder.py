"""Records the messages of a publisher."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import zmq

from edge.recording.file_series import FIELD, Rotation, check_series
from edge.recording.mcap_file import RecordingWriter
from edge.recording.rotating_writer import RotatingWriter
from meshcast.errors import WireError
from meshcast.protocol.layout import COMMON_HEADER, LEVELS, Kind, read_header, read_kind, topic
from meshcast.transport.address import check_address, context_for
from meshcast.transport.curve import Curve
from meshcast.transport.loss import LossCounter
from meshcast.transport.reader import topics
from meshcast.transport.sockets import connect

HIGH_WATER_MARK = 1000  # messages buffered while the disk is slow
POLL_S = 0.1
GRACE_S = 0.2  # time to wait for the other levels of the last frame


@dataclass(slots=True)
class RecordingStats:
    """Statistics of a recording.

    Attributes:
        topics: number of messages per topic.
        frames: number of distinct frames of all streams.
        message_bytes: bytes of all messages, before compression.
        file_bytes: size of the finished file.
        duration_s: time from the first frame to the last message.
        lost: frame messages that were sent, according to their sequence numbers, but not received.
        early: frame messages skipped because their model had not been received yet.
        foreign: messages skipped because they are not valid Meshcast messages.
        foreign_reason: error of the first of these.
        path: the file, the latest of several.
    """

    topics: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    message_bytes: int = 0
    file_bytes: int = 0
    duration_s: float = 0.0
    lost: int = 0
    early: int = 0
    foreign: int = 0
    foreign_reason: str = ""
    path: Path | None = None

    @property
    def messages(self) -> int:
        return sum(self.topics.values())


def record(
    address: str,
    path: str | Path,
    *,
    rotation: Rotation | None = None,
    levels: Sequence[str] = ("params", "joints", "mesh"),
    stream: str = "",
    seconds: float = math.inf,
    count: float = math.inf,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[RecordingStats], None] = lambda stats: None,
    curve: Curve | None = None,
) -> RecordingStats:
    """Record levels, models and status of one stream, or of all streams, until a limit is reached.

    The file appears at the end if a frame was received; until then it is PATH.part.

    Args:
        address: ZeroMQ address of the publisher.
        path: the .mcap file; with {date} in its name several files, see RotatingWriter.
        rotation: when files end.
        levels: levels of detail to record, also "preview" and "stats".
        stream: name of the only stream to record; empty for all.
        seconds: limit of the duration, from the first frame.
        count: limit of the number of frames.
        should_stop: polled ten times a second.
        on_progress: called ten times a second with the current statistics.
        curve: keys for an encrypted publisher.

    Returns:
        The statistics of the recording.

    Raises:
        AddressError: the address is unusable.
        WireError: unknown level, or invalid stream name.
        OutputError: the file cannot be written.
        UsageError: files that end without {date} in their name.
    """
    # Models are subscribed to when a frame refers to them: otherwise the publisher would repeat them.
    wanted = [name for name in topics(levels, stream) if not name.startswith(b"model/")]
    check_address(address, connecting=True)
    path = Path(path)
    check_series("record", path, ends=rotation is not None)
    with _subscribed(address, wanted, curve) as socket, _writer(path, rotation) as writer:
        recorder = _Recorder(socket, writer, count)
        began_s = last_s = time.monotonic()
        while not should_stop() and last_s - (recorder.first_s or began_s) < seconds and last_s < recorder.end_s:
            if socket.poll(int(POLL_S * 1000)):
                recorder.receive()
            last_s = time.monotonic()
            on_progress(recorder.stats)
        if recorder.stats.frames:
            recorder.stats.file_bytes = writer.close()
            recorder.stats.path = writer.path
        else:
            writer.discard()
    return recorder.stats


def _writer(path: Path, rotation: Rotation | None) -> RecordingWriter | RotatingWriter:
    return RotatingWriter(path, rotation or Rotation()) if FIELD in path.name else RecordingWriter(path)


@contextmanager
def _subscribed(address: str, wanted: list[bytes], curve: Curve | None) -> Iterator[zmq.Socket[bytes]]:
    context, own = context_for(address)
    socket = context.socket(zmq.SUB)
    try:
        connect(socket, address, wanted, curve, high_water_mark=HIGH_WATER_MARK)
        yield socket
    finally:
        socket.close(linger=0)
        if own:
            context.term()


class _Recorder:
    """Decides for each message whether to write it, and which models to subscribe to."""

    def __init__(self, socket: zmq.Socket[bytes], writer: RecordingWriter | RotatingWriter, count: float) -> None:
        self.stats = RecordingStats()
        self.first_s: float | None = None  # time of the first frame
        self.end_s = math.inf  # time to stop after the last requested frame
        self._socket, self._writer, self._count = socket, writer, count
        self._unix_ns = time.time_ns() - time.monotonic_ns()  # constant, so times in a file never decrease
        self._known: set[tuple[str, int]] = set()  # stream, model_id
        self._awaited: set[str] = set()  # streams whose model is subscribed to
        self._newest: dict[str, tuple[int, int]] = {}  # session and seq of the newest frame, by stream
        self._losses: defaultdict[tuple[str, Kind], LossCounter] = defaultdict(LossCounter)

    def receive(self) -> None:
        """Process all received messages."""
        for _ in range(HIGH_WATER_MARK):
            try:
                message = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            self._process(message, time.monotonic_ns())
            if time.monotonic() > self.end_s:
                return

    def _process(self, message: bytes, t_ns: int) -> None:
        try:
            kind = read_kind(message)
            head = read_header(message, COMMON_HEADER, kind)
        except WireError as error:
            self.stats.foreign += 1
            self.stats.foreign_reason = self.stats.foreign_reason or str(error)
            return
        stream, model = head["stream"], (head["stream"], head["model_id"])
        if kind is Kind.MODEL:
            if stream in self._awaited:
                self._awaited.discard(stream)
                self._socket.unsubscribe(topic(Kind.MODEL, stream))
            if model in self._known:
                return
            self._known.add(model)
        elif model not in self._known and stream not in self._awaited:
            self._awaited.add(stream)
            self._socket.subscribe(topic(Kind.MODEL, stream))
        if kind in LEVELS.values():
            if model not in self._known:
                self.stats.early += 1
                return
            if self._is_new(stream, head["session"], head["seq"]):
                if self.stats.frames >= self._count:
                    self.end_s = 0.0
                    return
                self._count_frame(stream, head["session"], head["seq"])
            lost, _ = self._losses[stream, kind].step(head["session"], head["seq"])
            self.stats.lost += lost
            self.first_s = self.first_s or t_ns / 1e9
        self._writer.add(kind, head, self._unix_ns + t_ns, message)
        self.stats.duration_s = t_ns / 1e9 - self.first_s if self.first_s else 0.0
        self.stats.topics[head["topic"].decode()] += 1
        self.stats.message_bytes += len(message)

    def _is_new(self, stream: str, session: int, seq: int) -> bool:
        newest = self._newest.get(stream)
        return newest is None or newest[0] != session or seq > newest[1]

    def _count_frame(self, stream: str, session: int, seq: int) -> None:
        self._newest[stream] = session, seq
        self.stats.frames += 1
        if self.stats.frames >= self._count:
            self.end_s = time.monotonic() + GRACE_S
