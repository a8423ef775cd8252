"""The reader thread: pacing, dropped frames, errors and shutdown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import Reader, Source
from edge.types import DeviceFrame, Frame, Surface

SOON_S = 10.0


class Scripted(Source):
    """Frames that a generator makes; close() raises the stop, as every source does."""

    def __init__(self, script: Callable[[Scripted], Iterator[Frame]], *, live: bool) -> None:
        super().__init__("scripted", live=live)
        self._script = script
        self.made = 0

    def __iter__(self) -> Iterator[Frame]:
        return self._script(self)

    def frame(self, t_s: float | None = None) -> Frame:
        index, self.made = self.made, self.made + 1
        image = np.zeros((2, 2, 3), np.uint8)
        return Frame(self.name, index, time.monotonic_ns(), index / 100 if t_s is None else t_s, image)

    def wait_for_close(self) -> None:
        assert not self._stop.wait_for(lambda: False)


def many(count: int) -> Callable[[Scripted], Iterator[Frame]]:
    def script(source: Scripted) -> Iterator[Frame]:
        for _ in range(count):
            yield source.frame()

    return script


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def test_reader_file_delivers_all_frames_with_bounded_queue() -> None:
    source = Scripted(many(200), live=False)
    with Reader(source) as reader:
        assert reader.pace == "fast"
        for count, frame in enumerate(reader):
            assert frame.index == count
            assert source.made <= count + 1 + 4 + 1  # in hand, in the queue, in the worker's hand
    assert count == 199
    assert reader.dropped == 0


def test_reader_queue_fills_while_consumer_is_busy() -> None:
    filled = threading.Event()

    def script(source: Scripted) -> Iterator[Frame]:
        for _ in range(6):
            yield source.frame()
        filled.set()
        yield source.frame()

    with Reader(Scripted(script, live=False)) as reader:
        frames = iter(reader)
        next(frames)
        next(frames)
        assert filled.wait(SOON_S)  # two taken and four waiting, without further requests
        assert [frame.index for frame in frames] == [2, 3, 4, 5, 6]


def test_reader_live_source_delivers_the_newest_frame() -> None:
    go, done = threading.Event(), threading.Event()

    def script(source: Scripted) -> Iterator[Frame]:
        yield source.frame()
        assert go.wait(SOON_S)
        for _ in range(9):
            yield source.frame()
        done.set()
        source.wait_for_close()

    with Reader(Scripted(script, live=True)) as reader:
        assert reader.pace == "realtime"
        frames = iter(reader)
        assert next(frames).index == 0
        go.set()
        assert done.wait(SOON_S)
        assert next(frames).index == 9
        assert reader.dropped == 8


def test_reader_live_source_at_fast_pace_delivers_all_frames() -> None:
    with Reader(Scripted(many(50), live=True), pace="fast") as reader:
        assert [frame.index for frame in reader] == list(range(50))
    assert reader.dropped == 0


def test_reader_live_source_delivers_the_last_frame() -> None:
    with Reader(Scripted(many(50), live=True)) as reader:
        seen = [frame.index for frame in reader]
    assert seen[-1] == 49
    assert len(seen) + reader.dropped == 50
    assert seen == sorted(seen)


def test_reader_file_in_realtime_is_paced_by_frame_times() -> None:
    source = Scripted(many(11), live=False)
    begin_s = time.monotonic()
    with Reader(source, pace="realtime") as reader:
        for frame in reader:
            # handed out, and stamped as captured, no earlier than it is due
            assert time.monotonic() - begin_s >= frame.t_s - 0.001
            assert frame.t_capture_ns / 1e9 - begin_s >= frame.t_s - 0.001
    assert frame.index == 10
    assert time.monotonic() - begin_s >= 0.1 - 0.001


def test_reader_file_in_realtime_drops_frames_for_slow_consumer() -> None:
    done = threading.Event()

    def script(source: Scripted) -> Iterator[Frame]:
        for _ in range(6):
            yield source.frame()
        done.set()

    with Reader(Scripted(script, live=False), pace="realtime") as reader:
        frames = iter(reader)
        assert next(frames).index == 0
        assert done.wait(SOON_S)
        assert [frame.index for frame in frames] == [5]
    assert reader.dropped == 4


def test_reader_source_error_is_raised_after_its_frames() -> None:
    def script(source: Scripted) -> Iterator[Frame]:
        yield source.frame()
        yield source.frame()
        raise SourceError("the lens fell off")

    with Reader(Scripted(script, live=False)) as reader:
        frames = iter(reader)
        assert [next(frames).index, next(frames).index] == [0, 1]
        with pytest.raises(SourceError, match="lens"):
            next(frames)


@pytest.mark.parametrize("pace", ["fast", "realtime"])
def test_reader_close_ends_waiting_worker(pace: str) -> None:
    waiting = threading.Event()

    def script(source: Scripted) -> Iterator[Frame]:
        for index in range(5):
            yield source.frame()
            if index == 4:
                waiting.set()
        # the queue is full now: the next one blocks in the reader, or this blocks in the source
        yield source.frame(t_s=1e6)
        source.wait_for_close()

    reader = Reader(Scripted(script, live=False), pace="fast" if pace == "fast" else "realtime")
    next(iter(reader))
    assert waiting.wait(SOON_S)
    begin_s = time.monotonic()
    reader.close()
    assert time.monotonic() - begin_s < SOON_S
    reader.close()


def test_reader_close_ends_waiting_source() -> None:
    def script(source: Scripted) -> Iterator[Frame]:
        yield source.frame()
        source.wait_for_close()

    reader = Reader(Scripted(script, live=True))
    next(iter(reader))
    begin_s = time.monotonic()
    reader.close()
    assert time.monotonic() - begin_s < SOON_S


def test_reader_close_from_another_thread_ends_iteration() -> None:
    first = threading.Event()

    def script(source: Scripted) -> Iterator[Frame]:
        yield source.frame()
        first.set()
        source.wait_for_close()

    reader = Reader(Scripted(script, live=True))

    def closer() -> None:
        assert first.wait(SOON_S)
        reader.close()

    thread = threading.Thread(target=closer)
    thread.start()
    assert sum(1 for _ in reader) <= 1
    thread.join(SOON_S)
    assert not thread.is_alive()


def test_reader_close_before_first_frame_gives_no_frames() -> None:
    reader = Reader(Scripted(many(3), live=False))
    reader.close()
    assert list(reader) == []


@pytest.mark.parametrize("live", [True, False])
def test_reader_gives_the_surfaces_of_frames_back_that_nothing_takes(live: bool) -> None:
    made, released = threading.Event(), []

    def script(source: Scripted) -> Iterator[Frame]:
        for index in range(4):
            surface = Surface("cuda:0", (2, 2), (), lambda index=index: released.append(index))
            yield DeviceFrame(source.name, index, time.monotonic_ns(), index / 100, surface=surface)
        made.set()
        source.wait_for_close()

    with Reader(Scripted(script, live=live)) as reader:
        frames = iter(reader)
        first = next(frames)
        assert made.wait(SOON_S)
    assert sorted(released) == [index for index in range(4) if index != first.index]
