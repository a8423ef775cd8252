"""The metrics of the tracking benchmark on results whose scores are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.tracking_metrics import Boxes, score_tracking

BOX = np.array([[0.0, 0.0, 10.0, 20.0]])


def frames(*ids: int | None, shift: float = 0.0) -> list[Boxes]:
    """One box in each frame, or none."""
    return [
        Boxes(np.array([] if name is None else [name]), np.empty((0, 4)) if name is None else BOX + shift)
        for name in ids
    ]


def test_score_of_truth_itself_is_perfect() -> None:
    score = score_tracking(frames(1, 1, 1), frames(5, 5, 5))
    assert (score.hota, score.det_a, score.ass_a, score.idf1, score.switches) == (1, 1, 1, 1, 0)


def test_score_of_one_switch_in_the_middle() -> None:
    score = score_tracking(frames(1, 1, 1, 1), frames(5, 5, 6, 6))
    # Each match has half of the true track and all of its own: A(c) = 2 / 4.
    assert score.ass_a == pytest.approx(0.5)
    assert score.hota == pytest.approx(np.sqrt(0.5))
    assert score.idf1 == pytest.approx(0.5)
    assert (score.switches, score.ids, score.people) == (1, 2, 1)


def test_score_of_missed_frames() -> None:
    score = score_tracking(frames(1, 1, 1, 1), frames(5, None, None, 5))
    assert score.det_a == pytest.approx(0.5)
    assert score.idf1 == pytest.approx(4 / 6)
    assert score.switches == 0


def test_score_of_shifted_boxes_falls_with_overlap() -> None:
    score = score_tracking(frames(1, 1), [Boxes(f.ids, f.boxes + np.array([2.5, 0, 2.5, 0])) for f in frames(5, 5)])
    assert score.hota == pytest.approx(12 / 19)  # overlap 0.6: thresholds 0.05 to 0.6


def test_score_ignores_results_on_ignored_people() -> None:
    truth = [Boxes(f.ids, f.boxes, np.array([index == 1])) for index, f in enumerate(frames(1, 1, 1))]
    assert score_tracking(truth, frames(5, 6, 5)).hota == 1
