"""The stream's own clock."""

import pytest

from edge.sources.clock import FileClock, LiveClock


def test_file_times_start_at_zero_and_keep_their_rhythm():
    clock = FileClock(fps=10)
    assert [clock.stamp(pts) for pts in (7.0, 7.1, 7.4)] == pytest.approx([0.0, 0.1, 0.4])


def test_file_times_never_decrease():
    clock = FileClock(fps=10)
    times = [clock.stamp(pts) for pts in (1.0, 1.2, 1.1, 0.5, 1.3)]
    assert times == pytest.approx([0.0, 0.2, 0.2, 0.2, 0.3])


def test_missing_file_times_are_one_nominal_frame_apart():
    clock = FileClock(fps=10)
    assert [clock.stamp(pts) for pts in (None, None, 5.0, 5.3, None)] == pytest.approx([0.0, 0.1, 0.2, 0.5, 0.6])


def test_another_pass_goes_on_after_the_last_frame():
    clock = FileClock(fps=10)
    first = [clock.stamp(pts) for pts in (0.5, 0.6)]
    clock.restart()
    second = [clock.stamp(pts) for pts in (0.5, 0.6)]
    assert first + second == pytest.approx([0.0, 0.1, 0.2, 0.3])


def ns(seconds: float) -> int:
    return round(seconds * 1e9)


def test_live_times_follow_the_stream_and_not_the_jitter_of_the_network():
    clock = LiveClock()
    arrived = [100.0, 100.09, 100.11]
    assert [clock.stamp(pts, ns(now)) for pts, now in zip((40.0, 40.05, 40.1), arrived, strict=True)] == pytest.approx(
        [0.0, 0.05, 0.1]
    )


def test_live_times_without_stamps_are_the_host_s():
    clock = LiveClock()
    assert [clock.stamp(None, ns(now)) for now in (3.0, 3.5, 4.0)] == pytest.approx([0.0, 0.5, 1.0])


def test_a_new_connection_is_tied_to_the_host_s_clock():
    clock = LiveClock()
    clock.stamp(1000.0, ns(10.0))
    clock.restart()
    assert clock.stamp(0.0, ns(17.0)) == pytest.approx(7.0)
    assert clock.stamp(0.2, ns(17.3)) == pytest.approx(7.2)


@pytest.mark.parametrize("jumped", [0.0, 9000.0])
def test_a_jump_of_the_sender_s_clock_is_no_jump_of_ours(jumped: float) -> None:
    clock = LiveClock()
    clock.stamp(100.0, ns(0.0))
    assert clock.stamp(jumped, ns(1.0)) == pytest.approx(1.0)
    assert clock.stamp(jumped + 0.1, ns(1.1)) == pytest.approx(1.1)
