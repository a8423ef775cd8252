"""Crops of people in images: places, borders, shrinking, and images that cannot be read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.training.mixture import BrokenSampleError
from engines.training.readers.people_list import NO_IMAGE, PeopleList, PersonEntry, cropped
from engines.training.sample import POINTS, SEEN, Sample


def entry(file: Path, center: tuple[float, float], side: float) -> PersonEntry:
    points = np.zeros((len(POINTS), 3), np.float32)
    points[24] = 120, 80, SEEN
    K = np.array([[500, 0, 100], [0, 500, 60], [0, 0, 1]], np.float32)
    return PersonEntry(file, center, side, Sample(image=NO_IMAGE, points_2d=points, K=K))


def spot_image() -> np.ndarray:
    """A bright spot at (120, 80)."""
    image = np.zeros((200, 300, 3), np.uint8)
    cv2.circle(image, (120, 80), 6, (255, 255, 255), -1)
    return image


@pytest.mark.parametrize(
    ("center", "side"), [((120, 80), 40.0), ((130, 100), 100.0), ((100, 90), 190.0), ((10, 10), 300.0)]
)
def test_crop_moves_image_keypoints_and_camera_alike(center: tuple[float, float], side: float) -> None:
    sample = cropped(spot_image(), entry(Path("a"), center, side), 64)
    assert sample.image.shape == (64, 64, 3)
    rows, columns = np.indices((64, 64))
    light = sample.image[..., 0].astype(float)
    x, y = (columns * light).sum() / light.sum(), (rows * light).sum() / light.sum()
    np.testing.assert_allclose(sample.points_2d[24, :2], [x, y], atol=0.35)
    ray = np.array([(120 - 100) / 500, (80 - 60) / 500, 1])
    np.testing.assert_allclose((sample.K @ ray)[:2], sample.points_2d[24, :2], atol=1e-3)


def test_list_reads_files_and_names_broken_ones(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), spot_image())
    (tmp_path / "b.png").write_bytes(b"nothing")
    (tmp_path / "empty.png").write_bytes(b"")
    people = PeopleList(
        [entry(tmp_path / name, (120, 80), 60) for name in ("a.png", "b.png", "c.png", "empty.png")], 32
    )
    assert len(people) == 4
    assert people[0].image[16, 16].min() > 200
    for number, wrong in ((1, "b.png: not an image"), (2, "c.png: cannot be read"), (3, "empty.png: not an image")):
        with pytest.raises(BrokenSampleError, match=wrong):
            people[number]
