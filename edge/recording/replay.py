"""Publishes a recording again: the same messages, with the time between them that there was when they came."""

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
from meshcast.protocol.layout import TOPIC_PREFIXES, TOPIC_SIZE, Kind, read_kind

POLL_S = 0.1
OTHERS = tuple(f"{TOPIC_PREFIXES[kind]}/".encode() for kind in (Kind.MODEL, Kind.STATUS))
PAUSE_S = 1 / 30  # between the last message and the first one again, where the frames do not tell


@dataclass(slots=True)
class ReplayStats:
    """How far a replay is: messages and bytes sent, how often the recording has begun, the place in it in seconds, and
    how much later than it should the latest message went out."""

    messages: int = 0
    message_bytes: int = 0
    passes: int = 0
    seconds: float = 0.0
    late_s: float = 0.0


class Replay:
    """Sends the messages of `recording` through `outlet`, each at its own time after the first, at `speed` times the
    speed; models besides at once to whoever subscribes to them. For one thread.

    start_s: begin so many seconds after the first message; of what comes before, only the newest models are sent.
    stopped: asked ten times a second. shown: called as often with the state so far.
    """

    def __init__(
        self,
        recording: Recording,
        outlet: PublisherSocket,
        *,
        speed: float = 1.0,
        start_s: float = 0.0,
        stopped: Callable[[], bool] = lambda: False,
        shown: Callable[[ReplayStats], None] = lambda played: None,
    ) -> None:
        self.played = ReplayStats()
        self._recording, self._outlet, self._speed, self._start_s = recording, outlet, speed, start_s
        self._stopped, self._shown = stopped, shown
        self._restamp = TimestampRewriter(speed)
        self._models: dict[bytes, tuple[bytes, ModelSchedule]] = {}  # by topic: the message, when it is due again
        self._awaited = False  # somebody has subscribed to a level

    def wait(self) -> bool:
        """Wait until somebody subscribes to a level; False when stopped() was first."""
        while not self._awaited:
            if not self._attend(time.monotonic() + POLL_S):
                return False
        return True

    def play(self, *, loop: bool = False) -> None:
        """Play the recording once, or until stopped() when `loop`.

        Raises RecordingError when it holds no frame from the start on, and when it turns out to be damaged.
        """
        begin_s = time.monotonic()
        while (seconds := self._play_once(begin_s)) is not None and loop:
            begin_s += seconds
            self._restamp.again += 1

    def _play_once(self, begin_s: float) -> float | None:
        """Returns how many seconds later the first message may go out again, None when stopped."""
        spacing = _Spacing()
        place_s = 0.0
        self.played.passes += 1
        for place_s, message in self._from_start():
            spacing.add(place_s, message)
            due_s = begin_s + (place_s - self._start_s) / self._speed
            if not self._until(due_s):
                return None
            self._send(self._restamp(message))
            now_s = time.monotonic()
            self.played.late_s = max(self.played.late_s, now_s - due_s)
            self.played.seconds = place_s
        if not spacing.frames:
            after = f" from {self._start_s:g} s on" if self._start_s else ""
            raise RecordingError(f"{self._recording.path}: holds no frame{after}")
        return (place_s - self._start_s + spacing.seconds) / self._speed

    def _from_start(self) -> Iterator[tuple[float, bytes]]:
        """Where in the recording, in seconds from its first message, and the message."""
        models: dict[bytes, bytes] = {}
        first_ns: int | None = None
        for recorded in self._recording:
            first_ns = recorded.t_ns if first_ns is None else first_ns
            place_s = (recorded.t_ns - first_ns) / 1e9
            if place_s >= self._start_s:
                yield from ((self._start_s, model) for model in models.values())
                self._recording.budget.release(sum(map(len, models.values())))
                models.clear()
                yield place_s, recorded.message
            elif read_kind(recorded.message) is Kind.MODEL:
                self._reserve(recorded.message, models.get(recorded.message[:TOPIC_SIZE], b""))
                models[recorded.message[:TOPIC_SIZE]] = recorded.message

    def _until(self, due_s: float) -> bool:
        """Serve subscribers until then; False when stopped."""
        while True:
            if not self._attend(due_s):
                return False
            if time.monotonic() >= due_s:
                return True

    def _attend(self, due_s: float) -> bool:
        """Answer whoever has subscribed, then wait for more until `due_s`, but not for long; False when stopped."""
        now_s = time.monotonic()
        for prefix in self._outlet.subscriptions():
            self._awaited |= not prefix.startswith(OTHERS)
            for words, (_, repeats) in self._models.items():
                if words.startswith(prefix):
                    repeats.ask()
        for message, repeats in self._models.values():
            if now_s >= repeats.due_s:
                repeats.sent(now_s)
                self._outlet.send(message)
        self._shown(self.played)
        left_s = min(due_s - time.monotonic(), POLL_S)
        if left_s > 0:
            self._outlet.wait(left_s)
        return not self._stopped()

    def _send(self, message: bytes) -> None:
        if read_kind(message) is Kind.MODEL:
            known, repeats = self._models.get(message[:TOPIC_SIZE], (b"", ModelSchedule()))
            self._reserve(message, known)
            self._models[message[:TOPIC_SIZE]] = message, repeats
            repeats.sent(time.monotonic())
        self._outlet.send(message)
        self.played.messages += 1
        self.played.message_bytes += len(message)

    def _reserve(self, message: bytes, known: bytes) -> None:
        """Take memory for a model that is kept in place of a known one: a file may name any number of streams."""
        budget = self._recording.budget
        budget.release(len(known))
        try:
            budget.reserve(len(message), f"{self._recording.path}: the models in it")
        except MemoryBudgetError as error:
            raise RecordingError(str(error)) from None


class _Spacing:
    """How far apart the frames of a recording are: those of the topic that comes first."""

    def __init__(self) -> None:
        self.frames = 0
        self._words = b""
        self._first_s = self._last_s = 0.0

    def add(self, place_s: float, message: bytes) -> None:
        words = message[:TOPIC_SIZE]
        if words.startswith(OTHERS) or (self._words and words != self._words):
            return
        if not self.frames:
            self._words, self._first_s = words, place_s
        self._last_s = place_s
        self.frames += 1

    @property
    def seconds(self) -> float:
        seconds = (self._last_s - self._first_s) / max(1, self.frames - 1)
        return seconds if seconds > 0 else PAUSE_S
