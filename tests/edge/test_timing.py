import pytest

from edge.timing import ON_THEIR_WAY, Timings


def test_statistics_of_known_values():
    timings = Timings()
    for ms in range(1, 101):
        timings.add("pose", float(ms))
    stats = timings.stats()["pose"]
    assert stats.count == 100
    assert stats.mean_ms == pytest.approx(50.5)
    assert stats.p50_ms == pytest.approx(50.5)
    assert stats.p95_ms == pytest.approx(95.05)
    assert stats.p99_ms == pytest.approx(99.01)
    assert stats.max_ms == 100


def test_percentiles_are_of_the_latest_samples_and_the_mean_is_of_all():
    timings = Timings(capacity=10)
    for ms in [1000.0] * 10 + [1.0] * 15:
        timings.add("detect", ms)
    stats = timings.stats()["detect"]
    assert stats.count == 25
    assert stats.p99_ms == 1
    assert stats.max_ms == 1000
    assert stats.mean_ms == pytest.approx((10 * 1000 + 15) / 25)


def test_a_block_that_raises_is_measured_too():
    timings = Timings()
    with pytest.raises(RuntimeError), timings.measure("mesh"):
        raise RuntimeError
    assert timings.stats()["mesh"].count == 1


def test_stages_nest_and_keep_their_order():
    timings = Timings()
    with timings.measure("whole"), timings.measure("part"):
        pass
    stats = timings.stats()
    assert list(stats) == ["whole", "part"]
    assert stats["whole"].max_ms >= stats["part"].max_ms > 0


def test_nothing_measured():
    assert Timings().stats() == {}


def test_frames_that_never_arrive_are_not_remembered_for_ever():
    timings = Timings()
    for index in range(10 * ON_THEIR_WAY):
        timings.record("pose", 0, 1_000_000, index)
    assert len(timings._worked_ms) == ON_THEIR_WAY
    assert min(timings._worked_ms) == 9 * ON_THEIR_WAY
    assert timings.stats()["pose"].count == 10 * ON_THEIR_WAY
