"""Receives what a publisher sends and records all of it."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import zmq

from edge.recording.mcap_file import RecordingWriter
from meshcast.errors import WireError
from meshcast.protocol.layout import COMMON_HEADER, Kind, read_header, read_kind, topic
from meshcast.transport.address import check_address, context_for
from meshcast.transport.curve import Curve
from meshcast.transport.loss import LossCounter
from meshcast.transport.reader import topics
from meshcast.transport.sockets import connect

HIGH_WATER_MARK = 1000  # messages that wait here while the disk is slow
POLL_S = 0.1
GRACE_S = 0.2  # for the other levels of the last frame


@dataclass(slots=True)
class RecordingStats:
    """What a recording holds, and what it does not.

    topics: messages of each; frames: distinct ones of all streams; message_bytes: before compression; duration_s: from
    the first frame to the last message; lost: frame messages that were sent, as the sequence numbers say, and did not
    come; early: frame messages left out because their model had not come yet; foreign: messages left out that are not
    Meshcast's, and what is wrong with the first.
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

    @property
    def messages(self) -> int:
        return sum(self.topics.values())


def record(
    address: str,
    path: str | Path,
    *,
    levels: Sequence[str] = ("params", "joints", "mesh"),
    stream: str = "",
    seconds: float = math.inf,
    count: float = math.inf,
    stopped: Callable[[], bool] = lambda: False,
    shown: Callable[[RecordingStats], None] = lambda tally: None,
    curve: Curve | None = None,
) -> RecordingStats:
    """Record some levels, the models and the status of one stream, or of all, until one of the limits is reached.

    The file appears at the end, if a frame has come; until then there is PATH.part. seconds: counted from the first
    frame. count: frames. stopped: asked ten times a second. shown: called as often with the tally so far.
    curve: the keys for a publisher that encrypts.
    Raises AddressError, WireError for a level or stream that does not exist, and OutputError.
    """
    # A model is asked for when a frame names it: the publisher would repeat it otherwise.
    wanted = [words for words in topics(levels, stream) if not words.startswith(b"model/")]
    check_address(address, connecting=True)
    with _subscribed(address, wanted, curve) as socket, RecordingWriter(path) as writer:
        recorder = _Recorder(socket, writer, count)
        began_s = last_s = time.monotonic()
        while not stopped() and last_s - (recorder.first_s or began_s) < seconds and last_s < recorder.end_s:
            if socket.poll(int(POLL_S * 1000)):
                recorder.receive()
            last_s = time.monotonic()
            shown(recorder.tally)
        if recorder.tally.frames:
            recorder.tally.file_bytes = writer.close()
        else:
            writer.discard()
    return recorder.tally


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
    """Decides message by message what is written and what else to ask for."""

    def __init__(self, socket: zmq.Socket[bytes], writer: RecordingWriter, count: float) -> None:
        self.tally = RecordingStats()
        self.first_s: float | None = None  # when the first frame came
        self.end_s = math.inf  # when enough frames have come
        self._socket, self._writer, self._count = socket, writer, count
        self._unix_ns = time.time_ns() - time.monotonic_ns()  # taken once: times in a file never go back
        self._known: set[tuple[str, int]] = set()  # stream, model_id
        self._asked: set[str] = set()  # streams whose model is on its way
        self._newest: dict[str, tuple[int, int]] = {}  # session, seq of a stream's newest frame
        self._losses: defaultdict[tuple[str, Kind], LossCounter] = defaultdict(LossCounter)

    def receive(self) -> None:
        """Take what has come."""
        for _ in range(HIGH_WATER_MARK):
            try:
                message = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            self._take(message, time.monotonic_ns())
            if time.monotonic() > self.end_s:
                return

    def _take(self, message: bytes, t_ns: int) -> None:
        try:
            kind = read_kind(message)
            head = read_header(message, COMMON_HEADER, kind)
        except WireError as error:
            self.tally.foreign += 1
            self.tally.foreign_reason = self.tally.foreign_reason or str(error)
            return
        stream, model = head["stream"], (head["stream"], head["model_id"])
        if kind is Kind.MODEL:
            if stream in self._asked:
                self._asked.discard(stream)
                self._socket.unsubscribe(topic(Kind.MODEL, stream))
            if model in self._known:
                return
            self._known.add(model)
        elif model not in self._known and stream not in self._asked:
            self._asked.add(stream)
            self._socket.subscribe(topic(Kind.MODEL, stream))
        if kind not in (Kind.MODEL, Kind.STATUS):
            if model not in self._known:
                self.tally.early += 1
                return
            if self._is_new(stream, head["session"], head["seq"]):
                if self.tally.frames >= self._count:
                    self.end_s = 0.0
                    return
                self._count_frame(stream, head["session"], head["seq"])
            lost, _ = self._losses[stream, kind].step(head["session"], head["seq"])
            self.tally.lost += lost
            self.first_s = self.first_s or t_ns / 1e9
        self._writer.add(kind, head, self._unix_ns + t_ns, message)
        self.tally.duration_s = t_ns / 1e9 - self.first_s if self.first_s else 0.0
        self.tally.topics[head["topic"].decode()] += 1
        self.tally.message_bytes += len(message)

    def _is_new(self, stream: str, session: int, seq: int) -> bool:
        newest = self._newest.get(stream)
        return newest is None or newest[0] != session or seq > newest[1]

    def _count_frame(self, stream: str, session: int, seq: int) -> None:
        self._newest[stream] = session, seq
        self.tally.frames += 1
        if self.tally.frames >= self._count:
            self.end_s = time.monotonic() + GRACE_S
