"""Neighbors in a crop: what is painted over, and what of the person itself stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.stages.config import PoseConfig
from edge.stages.neighbor_mask import NeighborMask, neighbors
from edge.stages.pose import Pose
from edge.types import Frame, Tracks
from engines.cards.card import load_card

CARD = load_card("movenet_thunder")
SIDE = 256
# An upright person, 0..1 of its box, in COCO's order
BODY = np.array(
    [
        *([0.5, 0.08], [0.54, 0.06], [0.46, 0.06], [0.58, 0.08], [0.42, 0.08]),
        *([0.7, 0.2], [0.3, 0.2], [0.8, 0.35], [0.2, 0.35], [0.85, 0.5], [0.15, 0.5]),
        *([0.62, 0.52], [0.38, 0.52], [0.62, 0.72], [0.38, 0.72], [0.62, 0.92], [0.38, 0.92]),
    ],
    np.float32,
)


def tracks(
    *corners: tuple[float, float], scores: tuple[float, ...] = (), size: tuple[float, float] = (80, 200)
) -> Tracks:
    low = np.array(corners, np.float32).reshape(-1, 2)
    boxes = np.concatenate([low, low + size], 1).astype(np.float32)
    points = low[:, None] + BODY * size
    weights = np.array(scores or [0.9] * len(low), np.float32)
    keypoints = np.concatenate([points, np.broadcast_to(weights[:, None, None], (*points.shape[:2], 1))], 2)
    return Tracks(np.arange(len(low), dtype=np.int32), boxes, weights, keypoints.astype(np.float32))


def masked(given: Tracks, config: PoseConfig | None = None) -> NDArray[np.bool_]:
    """Which pixels (N, SIDE, SIDE) of crops at a scale of 1 were painted over; image and crop of person i differ by the
    corner of its region."""
    centers = (given.boxes[:, :2] + given.boxes[:, 2:]) / 2
    regions = np.concatenate([centers - SIDE / 2, centers + SIDE / 2], 1).astype(np.float32)
    batch = np.full((len(given.ids), 3, SIDE, SIDE), -7, np.float32)
    NeighborMask(CARD, config)(batch, regions, given)
    changed = (batch != -7).all(axis=1)
    fill = (config or PoseConfig()).neighbor_fill
    assert (batch[np.repeat(changed[:, None], 3, axis=1)] == fill).all()
    return changed


def value_at(mask: NDArray[np.bool_], given: Tracks, row: int, person: int, name: str) -> bool:
    """Whether the crop of `row` is painted where `person` has this keypoint."""
    center = (given.boxes[row, :2] + given.boxes[row, 2:]) / 2
    assert given.keypoints is not None
    x, y = np.rint(given.keypoints[person, CARD.keypoints.index(name), :2] - center + SIDE / 2).astype(int)
    return bool(mask[row, y, x])


def test_neighbor_mask_covers_the_neighbor_and_not_the_person() -> None:
    given = tracks((100, 50), (145, 60))
    mask = masked(given)
    for row, other in ((0, 1), (1, 0)):
        assert not any(value_at(mask, given, row, row, name) for name in CARD.keypoints)
        free = "left" if other else "right"  # the side of the neighbor that is away from the person
        assert all(value_at(mask, given, row, other, f"{free}_{part}") for part in ("shoulder", "elbow", "wrist"))
        assert 0.02 < mask[row].mean() < 0.3


def test_neighbor_mask_people_apart_stay_untouched() -> None:
    assert not masked(tracks((100, 50), (300, 60))).any()


def test_neighbor_mask_of_two_tracks_on_one_person_changes_little() -> None:
    assert not masked(tracks((100, 50), (100, 50))).any()


def test_neighbor_mask_new_person_has_no_limbs_to_protect() -> None:
    given = tracks((100, 50), (110, 50), scores=(0.9, 0.0))
    mask = masked(given)
    assert not mask[0].any()
    assert value_at(mask, given, 1, 0, "left_hip")
    assert value_at(mask, given, 1, 0, "nose")


def test_neighbor_mask_keypoints_of_low_score_are_not_painted() -> None:
    given = tracks((100, 50), (150, 50))
    assert given.keypoints is not None
    given.keypoints[1, :, 2] = 0.1
    assert not masked(given)[0].any()


def test_neighbor_mask_own_width_decides_how_much_stays_visible() -> None:
    given = tracks((100, 50), (120, 50))
    areas = [masked(given, PoseConfig(own_width=width))[0].sum() for width in (0.3, 1.0, 2.0)]
    assert areas[0] > areas[1] > areas[2]


def test_neighbor_mask_scales_with_the_crop() -> None:
    """A person of any size in the image is painted alike in the crop."""
    shares = []
    for scale in (0.1, 1.0, 6.0):
        given = tracks((100, 50), (100 + 45 * scale, 50), size=(80 * scale, 200 * scale))
        centers = (given.boxes[:, :2] + given.boxes[:, 2:]) / 2
        half = 125 * scale
        batch = np.zeros((2, 3, SIDE, SIDE), np.float32)
        NeighborMask(CARD)(batch, np.concatenate([centers - half, centers + half], 1).astype(np.float32), given)
        shares.append((batch != 0).mean())
    np.testing.assert_allclose(shares, shares[1], rtol=0.05)


@pytest.mark.parametrize("value", [1e30, -1e30, np.inf, np.nan])
def test_neighbor_mask_absurd_positions_are_left_out(value: float) -> None:
    given = tracks((100, 50), (145, 60))
    assert given.keypoints is not None
    given.keypoints[1, :, :2] = value
    assert not masked(given)[0].any()


def test_neighbors_are_the_most_overlapping_boxes() -> None:
    boxes = np.array([[0, 0, 10, 10], [8, 0, 18, 10], [1, 0, 11, 10], [50, 0, 60, 10], [4, 0, 14, 10]], np.float32)
    found = [row.tolist() for row in neighbors(boxes, 2)]
    assert found[0] == [2, 4]
    assert found[3] == []
    assert neighbors(boxes, 4)[0].tolist() == [2, 4, 1]


class Recorder:
    """A network that keeps its batch."""

    backend, device, precision = "recorder", "cpu", "fp32"

    def __init__(self) -> None:
        self.batch: NDArray[np.float32] = np.empty(0, np.float32)

    def __call__(self, *inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        self.batch = inputs[0].copy()
        return (np.full((len(inputs[0]), 17, 3), 0.5, np.float32),)


def test_pose_masks_neighbors_and_can_be_told_not_to() -> None:
    image = np.full((400, 400, 3), 200, np.uint8)
    given = tracks((100, 50), (145, 60))
    frame = Frame("test", 0, 0, 0.0, image)
    for config, expected in ((PoseConfig(), True), (PoseConfig(mask_neighbors=False), False)):
        session = Recorder()
        Pose(session, CARD, config=config)(frame, given)
        assert bool((session.batch == config.neighbor_fill).any()) is expected
    session = Recorder()
    Pose(session, CARD)(frame, replace(given, keypoints=None))
    assert (session.batch == 200).any()
    assert not (session.batch == 114).any()
