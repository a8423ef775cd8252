"""Publishes a recording with its original timing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge.errors import RecordingError
from edge.recording.mcap_file import Recording
from edge.recording.restamp import TimestampRewriter
from edge.wire.model_schedule import ModelSchedule
from edge.wire.publisher_socket import PublisherSocket
from engines.files.memory_budget import MemoryBudgetError
from meshcast.protocol.layout import LEVELS, TOPIC_PREFIXES, TOPIC_SIZE, Kind, read_kind

POLL_S = 0.1
OTHERS = tuple(f"{TOPIC_PREFIXES[kind]}/".encode() for kind in Kind if kind not in LEVELS.values())
PAUSE_S = 1 / 30  # between two passes, if the spacing of the frames is unknown


@dataclass(slots=True)
class ReplayStats:
    """Progress of a replay: messages and bytes sent, number of passes begun, position in the recording in seconds, and
    the largest delay of a message."""

    messages: int = 0
    message_bytes: int = 0
    passes: int = 0
    seconds: float = 0.0
    late_s: float = 0.0


class Replay:
    """Publishes the messages of `recording` through `socket` with their original spacing divided by `speed`, and each
    model in addition at once to every new subscriber. Not thread-safe.

    start_s: skip this many seconds; of the messages before, only the newest models are sent. should_stop: polled ten
    times a second. on_progress: called ten times a second with the current statistics.
    """

    def __init__(
        self,
        recording: Recording,
        socket: PublisherSocket,
        *,
        speed: float = 1.0,
        start_s: float = 0.0,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: Callable[[ReplayStats], None] = lambda stats: None,
    ) -> None:
        self.stats = ReplayStats()
        self._recording, self._socket, self._speed, self._start_s = recording, socket, speed, start_s
        self._should_stop, self._on_progress = should_stop, on_progress
        self._rewrite_timestamps = TimestampRewriter(speed)
        self._models: dict[bytes, tuple[bytes, ModelSchedule]] = {}  # topic -> message, when it is due again
        self._has_subscriber = False  # whether a client has subscribed to a level

    def wait_for_subscriber(self) -> bool:
        """Wait until a client subscribes to a level; False if stopped before."""
        while not self._has_subscriber:
            if not self._serve(time.monotonic() + POLL_S):
                return False
        return True

    def play(self, *, loop: bool = False) -> None:
        """Play the recording once, or until should_stop() with `loop`.

        Raises RecordingError if it has no frame after the start position, or if it is corrupted.
        """
        begin_s = time.monotonic()
        while (seconds := self._play_once(begin_s)) is not None and loop:
            begin_s += seconds
            self._rewrite_timestamps.loop_index += 1

    def _play_once(self, begin_s: float) -> float | None:
        """Play one pass. Returns its duration in seconds, None if stopped."""
        spacing = _Spacing()
        position_s = 0.0
        self.stats.passes += 1
        for position_s, message in self._from_start():
            spacing.add(position_s, message)
            due_s = begin_s + (position_s - self._start_s) / self._speed
            if not self._until(due_s):
                return None
            self._send(self._rewrite_timestamps(message))
            now_s = time.monotonic()
            self.stats.late_s = max(self.stats.late_s, now_s - due_s)
            self.stats.seconds = position_s
        if not spacing.frames:
            after = f" after {self._start_s:g} s" if self._start_s else ""
            raise RecordingError(f"{self._recording.path}: no frame{after}")
        return (position_s - self._start_s + spacing.seconds) / self._speed

    def _from_start(self) -> Iterator[tuple[float, bytes]]:
        """Yield each message with its position in seconds after the first message."""
        models: dict[bytes, bytes] = {}
        first_ns: int | None = None
        for recorded in self._recording:
            first_ns = recorded.t_ns if first_ns is None else first_ns
            position_s = (recorded.t_ns - first_ns) / 1e9
            if position_s >= self._start_s:
                yield from ((self._start_s, model) for model in models.values())
                self._recording.budget.release(sum(map(len, models.values())))
                models.clear()
                yield position_s, recorded.message
            elif read_kind(recorded.message) is Kind.MODEL:
                self._reserve(recorded.message, models.get(recorded.message[:TOPIC_SIZE], b""))
                models[recorded.message[:TOPIC_SIZE]] = recorded.message

    def _until(self, due_s: float) -> bool:
        """Serve subscribers until `due_s`; False if stopped."""
        while True:
            if not self._serve(due_s):
                return False
            if time.monotonic() >= due_s:
                return True

    def _serve(self, due_s: float) -> bool:
        """Answer new subscriptions, then wait for more until `due_s`, at most POLL_S; False if stopped."""
        now_s = time.monotonic()
        for prefix in self._socket.subscriptions():
            self._has_subscriber |= not prefix.startswith(OTHERS)
            for name, (_, schedule) in self._models.items():
                if name.startswith(prefix):
                    schedule.ask()
        for message, schedule in self._models.values():
            if now_s >= schedule.due_s:
                schedule.sent(now_s)
                self._socket.send(message)
        self._on_progress(self.stats)
        left_s = min(due_s - time.monotonic(), POLL_S)
        if left_s > 0:
            self._socket.wait(left_s)
        return not self._should_stop()

    def _send(self, message: bytes) -> None:
        if read_kind(message) is Kind.MODEL:
            known, schedule = self._models.get(message[:TOPIC_SIZE], (b"", ModelSchedule()))
            self._reserve(message, known)
            self._models[message[:TOPIC_SIZE]] = message, schedule
            schedule.sent(time.monotonic())
        self._socket.send(message)
        self.stats.messages += 1
        self.stats.message_bytes += len(message)

    def _reserve(self, message: bytes, known: bytes) -> None:
        """Reserve memory for a model that replaces a known one: a file may contain any number of streams."""
        budget = self._recording.budget
        budget.release(len(known))
        try:
            budget.reserve(len(message), f"{self._recording.path}: the models in it")
        except MemoryBudgetError as error:
            raise RecordingError(str(error)) from None


class _Spacing:
    """Measures the spacing of the frames of the first topic in a recording."""

    def __init__(self) -> None:
        self.frames = 0
        self._topic = b""
        self._first_s = self._last_s = 0.0

    def add(self, position_s: float, message: bytes) -> None:
        name = message[:TOPIC_SIZE]
        if name.startswith(OTHERS) or (self._topic and name != self._topic):
            return
        if not self.frames:
            self._topic, self._first_s = name, position_s
        self._last_s = position_s
        self.frames += 1

    @property
    def seconds(self) -> float:
        seconds = (self._last_s - self._first_s) / max(1, self.frames - 1)
        return seconds if seconds > 0 else PAUSE_S
