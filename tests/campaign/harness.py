"""What the scenarios share: a `meshcast run` in a child process, a reader of what it publishes, rows of the table."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from types import TracebackType

import psutil

import meshcast
from meshcast.protocol.packets import FramePacket
from tests.support.paths import MEDIA
from tests.support.sockets import free_port

CLIP = MEDIA / "balance_cam01.mp4"
MESHCAST = (str(Path(sys.executable).with_name("meshcast")),)
BEGIN_S = 120.0  # until the first frame: models are compiled
END_S = 60.0  # from a signal to the end
GROWTH = 0.02  # of resident memory after warming up
WARM_S = 120.0  # until memory pools, caches and buffers are filled
COLD_GROWTH = 0.2  # where a short run has no time for that
SAMPLES = 10  # resident memory moves by a percent from frame to frame: the median counts
SAMPLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, what it may be at most (or at least), and whether it is."""

    what: str
    value: str
    bar: str
    passed: bool


def at_most(what: str, value: float, bar: float, unit: str = "") -> Row:
    """A row for a number that may not be larger than `bar`."""
    return Row(what, f"{value:.6g}{unit}", f"<= {bar:.6g}{unit}", value <= bar)


def at_least(what: str, value: float, bar: float, unit: str = "") -> Row:
    """A row for a number that may not be smaller than `bar`."""
    return Row(what, f"{value:.6g}{unit}", f">= {bar:.6g}{unit}", value >= bar)


def scaled(count: int, scale: float) -> int:
    """How many of `count` a shorter run does, at least one."""
    return max(1, round(count * scale))


def warm_up(scale: float) -> float:
    """Wait until a run has warmed up, in a short run less; returns how much it may grow from then on."""
    seconds = WARM_S * min(1.0, 20 * scale)
    time.sleep(max(5.0, seconds))
    return GROWTH if seconds >= WARM_S else COLD_GROWTH


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds: resident bytes, descriptors, threads."""

    rss: int
    descriptors: int
    threads: int

    @staticmethod
    def of(pid: int) -> Usage:
        process = psutil.Process(pid)
        return Usage(process.memory_info().rss, process.num_fds(), process.num_threads())

    def rows_since(self, before: Usage, growth: float = GROWTH) -> list[Row]:
        """Whether it has grown since `before`, which is after warming up."""
        return [
            at_most(f"RSS, {before.rss >> 20} MiB at first", self.rss / before.rss - 1, growth),
            at_most("descriptors more", self.descriptors - before.descriptors, 2),
            at_most("threads more", self.threads - before.threads, 2),
        ]


class Run:
    """`meshcast run SOURCE --publish ADDRESS ...` in a child process, its words in a file; killed at the end."""

    def __init__(self, *arguments: object, folder: Path, limits: Callable[[], None] | None = None) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._said = (folder / f"run-{time.monotonic_ns()}.txt").open("w+b")
        command = [*MESHCAST, "run", *map(str, arguments), "--publish", self.address, "-q"]
        self.process = subprocess.Popen(command, stdout=self._said, stderr=self._said, preexec_fn=limits, cwd=folder)

    def said(self) -> str:
        """What it has said so far."""
        return Path(self._said.name).read_text(errors="replace")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def usage(self) -> Usage:
        """What it holds: the medians of some seconds."""
        samples = []
        for _ in range(SAMPLES):
            samples.append(Usage.of(self.process.pid))
            time.sleep(SAMPLE_S)
        middle = (statistics.median_high(values) for values in zip(*map(astuple, samples), strict=True))
        return Usage(*middle)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait; returns the exit code, -9 when it had to be killed."""
        if self.alive:
            self.process.send_signal(number)
        try:
            return self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(signal.SIGKILL)
        self._said.close()


@dataclass(slots=True)
class Heard:
    """What a subscriber has got: times of arrival (monotonic, s), and how late each frame was."""

    times: list[float] = field(default_factory=list)
    ages_ms: list[float] = field(default_factory=list)
    lost: int = 0

    def p50_ms(self, first: int = 0, last: int | None = None) -> float:
        """The median age of some frames when they were published, NaN without any."""
        ages = self.ages_ms[first:last]
        return statistics.median(ages) if ages else float("nan")

    @property
    def longest_gap_s(self) -> float:
        return max((b - a for a, b in zip(self.times, self.times[1:], strict=False)), default=float("inf"))


class Listener:
    """A subscriber on a thread of its own that keeps up, until close()."""

    def __init__(self, address: str, level: str = "params") -> None:
        self.heard = Heard()
        self._subscription = meshcast.subscribe(address, levels=(level,))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        for packet in self._subscription:
            if isinstance(packet, FramePacket):
                self.heard.times.append(time.monotonic())
                self.heard.ages_ms.append(packet.age_ms)
                self.heard.lost += packet.lost

    def wait_for(self, count: int, limit_s: float) -> bool:
        """Wait until this number of frames has arrived."""
        return until(lambda: len(self.heard.times) >= count, limit_s)

    def next_within(self, limit_s: float) -> bool:
        """Wait for one more frame."""
        return self.wait_for(len(self.heard.times) + 1, limit_s)

    def close(self) -> None:
        self._subscription.close()
        self._thread.join()

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def until(condition: Callable[[], bool], limit_s: float, step_s: float = 0.02) -> bool:
    """Wait until a condition holds; False when it does not in time."""
    end_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(step_s)
    return True


@contextmanager
def published(
    source: Sequence[object], *options: object, limits: Callable[[], None] | None = None
) -> Iterator[tuple[Run, Listener, Path]]:
    """A run that publishes, one subscriber that keeps up and has got its first frame, and the run's folder.

    Raises RuntimeError with what the run has said when no frame comes.
    """
    with tempfile.TemporaryDirectory(prefix="meshcast-campaign-") as name:
        folder = Path(name)
        with Run(*source, *options, folder=folder, limits=limits) as run, Listener(run.address) as listener:
            if not until(lambda: bool(listener.heard.times) or not run.alive, BEGIN_S) or not listener.heard.times:
                raise RuntimeError(f"no frame came: {run.said()[-2000:]}")
            yield run, listener, folder


LIVE = (CLIP, "--loop", "--pace", "realtime")
