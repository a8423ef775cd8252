"""Published cameras of a room: clocks that differ by seconds."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from calibration.rig_file import Rig
from edge.runtime.room_feed import FeedConfig, Feeds
from tests.support.rooms import around


def packet(late_s: float) -> Any:
    """A packet that was published late_s ago by its own clock, and arrives now."""
    return SimpleNamespace(stream="cam1", t_publish_unix_ns=time.time_ns() - round(late_s * 1e9))


@pytest.fixture
def feeds() -> Feeds:
    rig = Rig({camera.name: camera.camera for camera in around(2)})
    return Feeds(FeedConfig(("tcp://127.0.0.1:9",), rig.names), rig, lambda *_: None, lambda *_: None)


def test_clock_that_is_off_by_seconds_is_named_and_replaced_by_the_arrival(feeds: Feeds) -> None:
    assert feeds._clock_shift_s(packet(60.4)) == pytest.approx(60.4, abs=1)
    quick = feeds._clock_shift_s(packet(59.5))
    assert quick == pytest.approx(59.5, abs=0.4)
    assert feeds._clock_shift_s(packet(60.4)) == quick  # the times of frames do not jitter with the network
    assert feeds._clock_shift_s(packet(-40.0)) == pytest.approx(-40, abs=1)
    (problem,) = feeds.problems
    assert problem.startswith("cam1: the clock of its publisher is 60")
    assert "behind this machine's" in problem


def test_clock_that_was_set_right_is_used(feeds: Feeds) -> None:
    feeds._clock_shift_s(packet(-60))
    assert feeds._clock_shift_s(packet(0)) == 0
    assert feeds._clock_shift_s(packet(0.5)) == 0
