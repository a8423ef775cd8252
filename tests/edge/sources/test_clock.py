"""Frame times of files and live streams from timestamps of every kind."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.sources.clock import HOST_BOUND_S, MAX_GAP_S, FileClock, LiveClock

STAMPS = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1e300, -1e300, 1e18, 95443.7, -0.04]),
        st.floats(-1e5, 1e5),
        st.integers(0, 50).map(lambda n: n / 25),
    ),
    max_size=60,
)


def file_times(stamps: list[float | None], fps: float | None = 10) -> list[float]:
    clock = FileClock(fps)
    return [clock.stamp(pts) for pts in stamps]


def live_times(stamps: list[float | None], hosts_s: list[float]) -> list[float]:
    clock = LiveClock()
    return [clock.stamp(pts, ns(now)) for pts, now in zip(stamps, hosts_s, strict=True)]


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


def ticks(begin: float, count: int, step: float = 0.1) -> list[float | None]:
    return [begin + index * step for index in range(count)]


def test_file_clock_times_start_at_zero_and_keep_intervals() -> None:
    assert file_times([7.0, 7.1, 7.4]) == pytest.approx([0.0, 0.1, 0.4])


@pytest.mark.parametrize("fps", [None, 10, 0.001, 1e9, math.nan, 0.0])
@given(stamps=STAMPS)
@example(stamps=[1.0, 1.2, 1.1, 0.5, 1.3])
def test_file_clock_any_timestamps_give_increasing_times(fps: float | None, stamps: list[float | None]) -> None:
    times = file_times(stamps, fps)
    assert all(before < after for before, after in itertools.pairwise(times))
    assert all(map(math.isfinite, times))


@given(
    begin_s=st.floats(-1e5, 1e5),
    steps_s=st.lists(st.floats(1e-4, MAX_GAP_S - 1e-3), max_size=40),
    fps=st.sampled_from([None, 25, 1000]),
)
def test_file_clock_plausible_timestamps_are_kept(begin_s: float, steps_s: list[float], fps: float | None) -> None:
    stamps = [begin_s, *(begin_s + np.cumsum(steps_s))]
    clock = FileClock(fps)
    assert [clock.stamp(pts) for pts in stamps] == pytest.approx([pts - begin_s for pts in stamps], abs=1e-8)
    assert (clock.shortened, clock.restarts) == (0, 0)


def test_file_clock_missing_timestamps_advance_by_one_frame() -> None:
    assert file_times([None, None, 5.0, 5.3, None]) == pytest.approx([0.0, 0.1, 0.2, 0.5, 0.6])


def test_file_clock_restarting_timestamps_continue() -> None:
    clock = FileClock(10)
    times = [clock.stamp(pts) for pts in [*ticks(3, 20), *ticks(0, 20), *ticks(0, 20)]]
    assert times == pytest.approx([index / 10 for index in range(60)])
    assert (clock.shortened, clock.restarts) == (0, 2)


def test_file_clock_restarting_timestamps_keep_variable_rate() -> None:
    stamps = [0.0, 0.04, 0.3, 0.31, 0.0, 0.04, 0.3, 0.31]
    assert np.diff(file_times(stamps)) == pytest.approx([0.04, 0.26, 0.01, 0.1, 0.04, 0.26, 0.01])


def test_file_clock_timestamp_out_of_order_leaves_later_times_unchanged() -> None:
    assert file_times([0.0, 0.1, 0.2, 0.1, 0.4, 0.5], 20) == pytest.approx([0.0, 0.1, 0.2, 0.25, 0.4, 0.5])


@pytest.mark.parametrize("jump_s", [MAX_GAP_S + 1, 3600.0, 1e9])
def test_file_clock_jump_ahead_is_shortened_to_one_frame(jump_s: float) -> None:
    clock = FileClock(10)
    times = [clock.stamp(pts) for pts in [*ticks(0, 5), *ticks(jump_s, 5)]]
    assert times == pytest.approx([index / 10 for index in range(10)])
    assert (clock.shortened, clock.restarts) == (1, 0)


def test_file_clock_single_outlier_is_one_frame() -> None:
    clock = FileClock(10)
    stamps = ticks(0, 10)
    stamps[4] = 7200.0
    assert [clock.stamp(pts) for pts in stamps] == pytest.approx(ticks(0, 10))
    assert (clock.shortened, clock.restarts) == (0, 0)


def test_file_clock_low_frame_rate_keeps_intervals() -> None:
    assert file_times(ticks(0, 4, 100.0), fps=0.01) == pytest.approx([0, 100, 200, 300])


def test_file_clock_constant_timestamps_advance_by_one_frame() -> None:
    assert file_times([4.0] * 6) == pytest.approx(ticks(0, 6))


def test_file_clock_restart_continues_after_the_last_frame() -> None:
    clock = FileClock(fps=10)
    first = [clock.stamp(pts) for pts in (0.5, 0.6)]
    clock.restart()
    second = [clock.stamp(pts) for pts in (0.5, 0.6)]
    assert first + second == pytest.approx([0.0, 0.1, 0.2, 0.3])


@settings(max_examples=300)
@given(data=st.data(), stamps=STAMPS)
def test_live_clock_any_timestamps_give_increasing_times_near_host(
    data: st.DataObject, stamps: list[float | None]
) -> None:
    waits = data.draw(
        st.lists(
            st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, 100)), min_size=len(stamps), max_size=len(stamps)
        )
    )
    hosts = [float(host) for host in 1000 + np.cumsum(waits)]
    times = live_times(stamps, hosts)
    assert all(before < after for before, after in itertools.pairwise(times))
    slack_s = 1e-6 * (len(times) + 1)
    assert all(abs(t - (host - hosts[0])) <= HOST_BOUND_S + slack_s for t, host in zip(times, hosts, strict=True))


@given(
    steps_s=st.lists(st.floats(0.001, 0.4), max_size=40),
    late_s=st.lists(st.floats(0, 1.0), min_size=41, max_size=41),
    begin_s=st.floats(-1e5, 1e5),
)
def test_live_clock_plausible_timestamps_are_kept(steps_s: list[float], late_s: list[float], begin_s: float) -> None:
    stamps: list[float | None] = [begin_s, *(begin_s + np.cumsum(steps_s))]
    sent = [float(stamp) for stamp in stamps if stamp is not None]
    hosts = np.maximum.accumulate([pts + late for pts, late in zip(sent, late_s, strict=False)]) + 2e5
    assert live_times(stamps, list(hosts)) == pytest.approx([pts - begin_s for pts in sent], abs=1e-8)


def test_live_clock_network_jitter_is_ignored() -> None:
    assert live_times([40.0, 40.05, 40.1], [100.0, 100.09, 100.11]) == pytest.approx([0.0, 0.05, 0.1])


@pytest.mark.parametrize("constant", [None, 0.0, 17.5])
def test_live_clock_unusable_timestamps_give_host_times(constant: float | None) -> None:
    assert live_times([constant] * 4, [3.0, 3.5, 4.0, 4.1]) == pytest.approx([0.0, 0.5, 1.0, 1.1])


def test_live_clock_restart_aligns_with_the_host_clock() -> None:
    clock = LiveClock()
    clock.stamp(1000.0, ns(10.0))
    clock.restart()
    assert clock.stamp(0.0, ns(17.0)) == pytest.approx(7.0)
    assert clock.stamp(0.2, ns(17.3)) == pytest.approx(7.2)


@pytest.mark.parametrize("jump_s", [-100.0, -3.0, -0.2, 3.0, 9000.0])
def test_live_clock_jump_of_sender_clock_is_removed(jump_s: float) -> None:
    stamps = [*ticks(100, 10), *ticks(101 + jump_s, 10)]
    assert live_times(stamps, [index / 10 for index in range(20)]) == pytest.approx(ticks(0, 20))


@pytest.mark.parametrize("off_s", [-2.0, 2.0, 4.9, 50.0])
def test_live_clock_single_outlier_leaves_later_times_unchanged(off_s: float) -> None:
    stamps = ticks(100, 20)
    stamps[7] = 100.7 + off_s
    hosts = [float(host) for host in np.arange(20) / 10 + np.random.default_rng(0).uniform(0, 0.02, 20)]
    hosts[0] = 0.0
    times = live_times(stamps, hosts)
    del times[7]
    assert times == pytest.approx([index / 10 for index in range(20) if index != 7])


def test_live_clock_burst_after_stall_keeps_intervals() -> None:
    hosts = [0.0, 0.1, 0.2, *[3.0] * 28, 3.1]
    assert live_times(ticks(5, 32), hosts) == pytest.approx(ticks(0, 32))


def test_live_clock_fast_sender_clock_stays_near_host() -> None:
    times = live_times(ticks(0, 2000, 0.12), [index / 10 for index in range(2000)])
    assert times[-1] == pytest.approx(199.9 + HOST_BOUND_S, abs=0.2)
    assert np.diff(times).min() > 0.09
