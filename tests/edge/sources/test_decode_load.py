"""The level of decoding under load, with a clock that the tests move."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edge.sources.decode_load import DecodeController, DecodeLevel, DecodeLoadConfig, Decoding

CONFIG = DecodeLoadConfig()


class Stream:
    """A camera: frames per second at each level, and how many of them a consumer can take."""

    def __init__(self, rates: tuple[float, float, float, float], key_interval_s: float | None = None) -> None:
        self.decoding = Decoding()
        self.decoding.key_interval_s = key_interval_s
        self.rates = rates
        self._controller = DecodeController(self.decoding)
        self._now_s = self._read = self._taken = 0.0
        self._controller.update(0.0, 0, 0)

    def run(self, seconds: int, capacity: float, late_s: float = 0.0) -> list[DecodeLevel]:
        """The level after each second."""
        levels = []
        for _ in range(seconds):
            rate = self.rates[self.decoding.level]
            self._now_s += 1.0
            self._read += rate
            self._taken += min(rate, capacity)
            self._controller.update(self._now_s, round(self._read), round(self._taken), late_s)
            levels.append(self.decoding.level)
        return levels


def test_controller_without_load_decodes_everything() -> None:
    assert set(Stream((60, 30, 30, 5)).run(100, capacity=60)) == {DecodeLevel.ALL}


def test_controller_half_of_the_frames_dropped_decodes_everything() -> None:
    assert set(Stream((60, 30, 30, 5)).run(100, capacity=30)) == {DecodeLevel.ALL}


def test_controller_under_load_leaves_out_non_reference_frames_first() -> None:
    assert set(Stream((60, 30, 30, 5), key_interval_s=4.0).run(100, capacity=8)) == {DecodeLevel.REFERENCES}


def test_controller_under_more_load_decodes_dense_key_frames_only() -> None:
    levels = Stream((60, 30, 30, 5), key_interval_s=0.2).run(50, capacity=4)
    assert levels[:2] == [DecodeLevel.REFERENCES, DecodeLevel.KEYS]
    assert set(levels[2:]) == {DecodeLevel.KEYS}


def test_controller_with_key_frames_too_rare_for_the_consumer_decodes_references() -> None:
    assert Stream((60, 30, 30, 5), key_interval_s=0.2).run(50, capacity=10)[-1] is DecodeLevel.REFERENCES


def test_controller_after_the_load_decodes_everything_again() -> None:
    stream = Stream((60, 30, 30, 5), key_interval_s=0.2)
    stream.run(50, capacity=4)
    assert stream.run(200, capacity=60)[-1] is DecodeLevel.ALL


def test_controller_between_two_levels_changes_more_and_more_rarely() -> None:
    levels = Stream((60, 15, 15, 15)).run(1000, capacity=20)
    changes = sum(a is not b for a, b in pairwise(levels))
    assert changes <= 2 * 1000 / CONFIG.most_lower_windows + 12


def test_controller_late_frames_raise_the_level() -> None:
    assert Stream((60, 30, 30, 5)).run(1, capacity=60, late_s=1.0) == [DecodeLevel.REFERENCES]


def test_controller_without_frames_keeps_the_level() -> None:
    assert Stream((0, 0, 0, 0)).run(10, capacity=10)[-1] is DecodeLevel.ALL


def test_controller_with_nine_of_ten_frames_dropped_leaves_out_parts_of_the_time() -> None:
    stream = Stream((60, 60, 24, 1), key_interval_s=1.5)
    levels = stream.run(50, capacity=3)
    assert levels[:2] == [DecodeLevel.REFERENCES, DecodeLevel.PARTS]
    assert set(levels[1:]) == {DecodeLevel.PARTS}
    assert stream.decoding.part_s == pytest.approx(CONFIG.min_part * 1.5)


def test_controller_pause_has_a_bound() -> None:
    stream = Stream((60, 60, 24, 1), key_interval_s=3.0)
    stream.run(5, capacity=3)
    assert stream.decoding.part_s == pytest.approx(3.0 - CONFIG.max_pause_s)


@pytest.mark.parametrize(("interval_s", "capacity"), [(None, 3), (10.0, 3), (1.5, 8)])
def test_controller_parts_need_key_frames_that_come_back_soon_and_many_drops(
    interval_s: float | None, capacity: float
) -> None:
    assert set(Stream((60, 60, 24, 1), key_interval_s=interval_s).run(50, capacity)) == {DecodeLevel.REFERENCES}


def test_controller_decodes_whole_time_again_when_frames_of_the_parts_are_taken() -> None:
    stream = Stream((60, 60, 24, 1), key_interval_s=1.5)
    stream.run(10, capacity=3)
    assert stream.run(CONFIG.lower_windows + 1, capacity=20)[-1] is DecodeLevel.REFERENCES


@pytest.mark.parametrize("times", [(0.0, 0.5), (9.0, 1.0, 1.5)])
def test_decoding_measures_the_last_key_interval(times: tuple[float, ...]) -> None:
    decoding = Decoding()
    for pts_s in times:
        decoding.saw(pts_s, key=True)
    assert decoding.key_interval_s == 0.5


def test_decoding_measures_the_length_of_a_repeated_file_with_one_key_frame() -> None:
    decoding = Decoding()
    for pts_s in (0.0, 0.5, 1.5, 1.0, 0.0):
        decoding.saw(pts_s, key=pts_s == 0.0)
    assert decoding.key_interval_s == 1.5


def test_decoding_part_is_over_after_its_time_and_begins_at_the_next_key_frame() -> None:
    decoding = Decoding()
    decoding.level, decoding.part_s = DecodeLevel.PARTS, 0.5
    levels = []
    for pts_s in (3.0, 3.4, 3.6, 4.0, 4.3):
        decoding.saw(pts_s, key=pts_s in (3.0, 4.0))
        levels.append(decoding.now(pts_s))
    references, keys = DecodeLevel.REFERENCES, DecodeLevel.KEYS
    assert levels == [references, references, keys, references, references]
    assert decoding.now(None) is references
