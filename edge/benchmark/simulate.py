"""The schedule of the pipelines with given times of stages: a projection of throughput and latency.

Every camera has the threads and queues of edge.runtime.async_pipeline, and on a GPU the streams and waits of edge.gpu.
The GPU computes one stage at a time and copies in another engine; streams are served in the order in which their work
is ready, except that the mesh stream, which has a higher priority, comes first between the kernels of other stages.
Frames of live cameras are tracked when those before have gone on to their meshes. A stage on the processor takes a
core, and the interpreter for its part in Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edge.benchmark.board import Board, StageTime
from edge.benchmark.discrete_events import Clock, Command, Process, Server, Signal, Store

SLOTS = 3  # see edge.gpu.slots
QUEUED = 2  # see edge.runtime.async_pipeline
READ = 4  # see edge.sources.reader
NETWORKS, KERNELS = ("detector", "pose", "mesh"), 20  # stages that consist of many kernels, and how many of them
URGENT = ("mesh", "skinning")  # stages on the stream with a higher priority, see edge.gpu.pipeline
NONE = StageTime()


@dataclass(slots=True)
class _Frame:
    index: int
    captured_ms: float
    uploaded: Signal | None = None
    detected: Signal | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """Results of a simulation: milliseconds, frames per second of all cameras, and shares of the time.

    Attributes:
        fps: of all cameras together.
        latencies_ms: from capture to output, sorted.
        dropped: frames of live cameras that were replaced.
        busy: share of the time that the GPU, its copy engine, the interpreter and all cores were busy.
        waits_ms: mean time that a frame waited for each step, and that the host waited for the GPU.
    """

    fps: float
    latencies_ms: tuple[float, ...]
    dropped: int
    busy: dict[str, float]
    waits_ms: dict[str, float]

    def latency_ms(self, share: float) -> float:
        """A quantile of the latencies."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


@dataclass(slots=True)
class Stream:
    """Work of one stream, in order: servers with times, waits for signals, and signals to set."""

    clock: Clock
    tasks: Store = field(init=False)

    def __post_init__(self) -> None:
        self.tasks = Store(self.clock, 1 << 30)
        self.clock.start(self._work())

    def enqueue(self, *steps: Command | Signal) -> Command:
        return self.tasks.put(steps)

    def _work(self) -> Process:
        while True:
            for step in (yield self.tasks.get()):
                if isinstance(step, Signal):
                    step.set()
                else:
                    yield step


class Simulation:
    """One run of a board."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._clock = Clock()
        clock = self._clock
        self._cores, self._python = Server(clock, board.cores), Server(clock)
        self._gpu, self._copies = Server(clock), Server(clock)
        self._latencies: list[float] = []
        self._ends: list[float] = []
        self._stores: dict[str, list[Store]] = {}
        self._host_waits_ms: dict[str, float] = {}
        for _ in range(board.cameras):
            self._camera()

    def run(self) -> Projection:
        """Simulate until every camera's frames are through."""
        board, clock = self._board, self._clock
        clock.run(1e12)
        begin = len(self._ends) // 10  # the first frames fill the queues
        span_ms = max(self._ends[-1] - self._ends[begin], 1e-9) if len(self._ends) > 1 else 1e-9
        frames, whole_ms = board.cameras * board.frames, max(clock.now_ms, 1e-9)
        waits = {
            f"for {step}": sum(store.waited_ms for store in stores) / max(1, sum(store.taken for store in stores))
            for step, stores in self._stores.items()
        }
        waits |= {f"host for {what}": ms / frames for what, ms in self._host_waits_ms.items()}
        busy = {"interpreter": self._python.busy_ms / whole_ms, "cores": self._cores.busy_ms / whole_ms / board.cores}
        if board.gpu:
            busy = {"GPU": self._gpu.busy_ms / whole_ms, "copies": self._copies.busy_ms / whole_ms, **busy}
        return Projection(
            fps=(len(self._ends) - 1 - begin) / span_ms * 1e3,
            latencies_ms=tuple(sorted(self._latencies[begin:])),
            dropped=sum(store.dropped for stores in self._stores.values() for store in stores),
            busy=busy,
            waits_ms=waits,
        )

    def _camera(self) -> None:
        board, clock = self._board, self._clock
        live = board.fps > 0
        read = self._store("upload" if board.gpu else "pose", 1 if live else READ, live)
        tracked, results = (self._store(step, 1 if live else QUEUED, live) for step in ("mesh", "output"))
        for process in (
            self._read(read),
            *((self._upload_and_track(read, tracked)) if board.gpu else (self._track(read, tracked),)),
            self._recover(tracked, results),
            self._output(results),
        ):
            clock.start(process)

    def _store(self, step: str, capacity: int, newest: bool) -> Store:
        store = Store(self._clock, capacity, newest=newest)
        self._stores.setdefault(step, []).append(store)
        return store

    def _host(self, stage: str) -> Iterator[Command]:
        """A stage on the processor: its part in Python, which only one thread does at a time, and the rest."""
        time = self._board.host.get(stage, NONE)
        ms = time.of(self._board.people)
        for server, part in ((self._python, time.python), (None, 1 - time.python)):
            if ms * part > 0:
                if server is None:
                    yield self._cores.use(ms * part)
                else:
                    self._cores.busy_ms += ms * part
                    yield server.use(ms * part)

    def _on_gpu(self, stage: str) -> Command:
        ms = self._board.gpu.get(stage, NONE).of(self._board.people)
        if stage.startswith("copy"):
            return self._copies.use(ms)
        return self._gpu.use(ms, urgent=stage in URGENT, parts=KERNELS if stage in NETWORKS else 1)

    @contextmanager
    def _waiting(self, what: str) -> Iterator[None]:
        begin_ms = self._clock.now_ms
        yield
        self._host_waits_ms[what] = self._host_waits_ms.get(what, 0.0) + self._clock.now_ms - begin_ms

    def _detects(self, frame: _Frame) -> bool:
        return frame.index % self._board.detect_every == 0

    def _read(self, read: Store) -> Process:
        board, clock = self._board, self._clock
        for index in range(board.frames):
            if board.fps:
                yield clock.sleep(max(0.0, index * 1e3 / board.fps - clock.now_ms))
            captured_ms = clock.now_ms
            yield from self._host("decode")
            yield read.put(_Frame(index, captured_ms if board.fps else clock.now_ms))

    def _track(self, read: Store, tracked: Store) -> Process:
        while True:
            if self._board.fps:
                yield tracked.space()
            frame = yield read.get()
            if self._detects(frame):
                yield from self._host("detect")
            yield from self._host("pose")
            yield from self._host("track")
            yield tracked.put(frame)

    def _upload_and_track(self, read: Store, tracked: Store) -> tuple[Process, Process]:
        board, clock = self._board, self._clock
        uploaded = self._store("pose", 1, board.fps > 0)
        slots = Store(clock, SLOTS)
        copy_in, detector, pose = Stream(clock), Stream(clock), Stream(clock)

        def free(count: int) -> Process:
            for _ in range(count):
                yield slots.put(None)

        clock.start(free(SLOTS))

        def upload() -> Process:
            while True:
                frame = yield read.get()
                yield slots.get()
                yield from self._host("upload")
                frame.uploaded = Signal(clock)
                yield copy_in.enqueue(self._on_gpu("copy_in"), frame.uploaded)
                if self._detects(frame):
                    frame.detected = Signal(clock)
                    yield detector.enqueue(
                        frame.uploaded.wait(), self._on_gpu("letterbox"), self._on_gpu("detector"), frame.detected
                    )
                lost = len(uploaded.lost)
                yield uploaded.put(frame)
                clock.start(free(len(uploaded.lost) - lost))

        def enqueue(frame: _Frame) -> tuple[Signal, Command]:
            assert frame.uploaded is not None
            landed = Signal(clock)
            return landed, pose.enqueue(frame.uploaded.wait(), self._on_gpu("crops"), self._on_gpu("pose"), landed)

        def track() -> Process:
            following: tuple[_Frame, Signal] | None = None
            while True:
                if board.fps:
                    yield tracked.space()
                if following is not None:
                    frame, landed = following
                    following = None
                else:
                    frame = yield uploaded.get()
                    if frame.detected is not None:
                        with self._waiting("detections"):
                            yield frame.detected.wait()
                        yield from self._host("detect")
                    landed, command = enqueue(frame)
                    yield command
                after = uploaded.first
                if board.boxes_follow_on_device and after is not None and not self._detects(after):
                    after = yield uploaded.get()
                    later, command = enqueue(after)
                    yield command
                    following = after, later
                with self._waiting("keypoints"):
                    yield landed.wait()
                yield from self._host("pose")
                yield from self._host("track")
                yield tracked.put(frame)
                yield slots.put(None)

        return upload(), track()

    def _recover(self, tracked: Store, results: Store) -> Process:
        board, clock = self._board, self._clock
        stream = Stream(clock)
        while True:
            frame = yield tracked.get()
            if board.gpu:
                points = Signal(clock)
                yield stream.enqueue(self._on_gpu("mesh"), points)
                with self._waiting("points of the mesh"):
                    yield points.wait()
            yield from self._host("mesh")
            if board.gpu:
                surface = Signal(clock)
                yield stream.enqueue(self._on_gpu("skinning"), self._on_gpu("copy_out"), surface)
                with self._waiting("the surface"):
                    yield surface.wait()
            yield results.put(frame)

    def _output(self, results: Store) -> Process:
        while True:
            frame = yield results.get()
            yield from self._host("output")
            self._latencies.append(self._clock.now_ms - frame.captured_ms)
            self._ends.append(self._clock.now_ms)


def simulate(board: Board) -> Projection:
    """Simulate a board."""
    return Simulation(board).run()
