"""Durations of stages, queues and frame ages."""

import pytest

from edge.timing import MAX_FRAMES_IN_FLIGHT, Durations, Timings
from tests.support.frames import blank_frame


class Recorder:
    """A listener that keeps what it receives."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def begin(self, stage: str) -> None:
        self.events.append(("begin", stage))

    def end(self, stage: str, frame_index: int | None, start_ns: int, end_ns: int) -> None:
        self.events.append(("end", stage))

    def lost(self, where: str, frame_index: int) -> None:
        self.events.append(("lost", where))


def test_durations_stats_of_known_values_are_exact() -> None:
    durations = Durations()
    for ms in range(1, 101):
        durations.add("pose", float(ms))
    stats = durations.stats()["pose"]
    assert stats.count == 100
    assert stats.mean_ms == pytest.approx(50.5)
    assert stats.p50_ms == pytest.approx(50.5)
    assert stats.p95_ms == pytest.approx(95.05)
    assert stats.p99_ms == pytest.approx(99.01)
    assert stats.max_ms == 100


def test_durations_beyond_capacity_percentiles_cover_latest_and_mean_covers_all() -> None:
    durations = Durations(capacity=10)
    for ms in [1000.0] * 10 + [1.0] * 15:
        durations.add("detect", ms)
    stats = durations.stats()["detect"]
    assert stats.count == 25
    assert stats.p99_ms == 1
    assert stats.max_ms == 1000
    assert stats.mean_ms == pytest.approx((10 * 1000 + 15) / 25)


def test_durations_merge_equals_adding_all() -> None:
    merged, other, expected = Durations(), Durations(), Durations()
    for ms in (1.0, 4.0):
        merged.add("mesh", ms)
        expected.add("mesh", ms)
    for ms in (9.0, 2.0):
        other.add("mesh", ms)
        expected.add("mesh", ms)
    merged.merge(other)
    assert merged.stats() == expected.stats()
    assert merged.histograms() == expected.histograms()


def test_measure_block_that_raises_is_counted() -> None:
    timings = Timings()
    with pytest.raises(RuntimeError), timings.measure("mesh"):
        raise RuntimeError
    assert timings.stages.stats()["mesh"].count == 1


def test_measure_nested_stages_keep_order_of_start() -> None:
    timings = Timings()
    with timings.measure("whole"), timings.measure("part"):
        pass
    stats = timings.stages.stats()
    assert list(stats) == ["whole", "part"]
    assert stats["whole"].max_ms >= stats["part"].max_ms > 0


def test_timings_new_object_is_empty() -> None:
    timings = Timings()
    assert (timings.stages.stats(), timings.queues.stats(), timings.ages.stats()) == ({}, {}, {})


def test_timings_keep_stages_queues_and_ages_apart() -> None:
    timings, frame = Timings(), blank_frame()
    timings.queues.add("pose", 7.0)
    with timings.measure("pose", frame):
        pass
    timings.arrived(frame)
    assert list(timings.stages.stats()) == ["pose"]
    assert timings.queues.stats()["pose"].max_ms == 7
    assert list(timings.ages.stats()) == ["latency", "worked", "waited"]


def test_arrived_age_is_worked_plus_waited() -> None:
    timings, frame = Timings(), blank_frame(3)
    timings.record("pose", 0, 5_000_000, 3)
    timings.record("mesh", 0, 2_000_000, 3)
    age_ms = timings.arrived(frame)
    ages = timings.ages.stats()
    assert ages["worked"].max_ms == pytest.approx(7)
    assert ages["latency"].max_ms == age_ms == pytest.approx(ages["worked"].max_ms + ages["waited"].max_ms)


def test_clear_forgets_everything() -> None:
    timings, frame = Timings(), blank_frame()
    with timings.measure("pose", frame):
        pass
    timings.clear()
    timings.arrived(frame)
    assert timings.stages.stats() == {}
    assert timings.ages.stats()["worked"].max_ms == 0


def test_listener_receives_blocks_and_losses() -> None:
    recorder, frame = Recorder(), blank_frame()
    timings = Timings(recorder)
    with timings.measure("pose", frame):
        pass
    timings.read(frame, 0, 1)
    timings.lost("before mesh", frame)
    assert recorder.events == [("begin", "pose"), ("end", "pose"), ("end", "decode"), ("lost", "before mesh")]


def test_record_frames_that_never_arrive_are_bounded() -> None:
    timings = Timings()
    for index in range(10 * MAX_FRAMES_IN_FLIGHT):
        timings.record("pose", 0, 1_000_000, index)
    assert len(timings._worked_ms) == MAX_FRAMES_IN_FLIGHT
    assert min(timings._worked_ms) == 9 * MAX_FRAMES_IN_FLIGHT
    assert timings.stages.stats()["pose"].count == 10 * MAX_FRAMES_IN_FLIGHT
