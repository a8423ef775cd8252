"""Predictions on data sets: what heads get, a resized crop, and files that do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.evaluation.dataset import head_predictions, network_input, recorded_predictions
from engines.cards.card import load_card
from engines.errors import ModelError
from engines.heads.base import People, RootMesh
from engines.training.sample import COCO
from tests.support.rendered import rendered_people


class Echo:
    """A head that remembers what it is given and says that no person can be used."""

    crops = load_card("pare")

    def __init__(self) -> None:
        self.people: list[People] = []

    def reset(self) -> None: ...

    def __call__(self, people: People) -> RootMesh:
        self.people.append(people)
        nothing = np.zeros((1, 1, 3), np.float32)
        return RootMesh(np.array([False]), nothing, nothing, nothing)


def test_head_gets_true_keypoints_their_rays_and_the_crop() -> None:
    head, sample = Echo(), rendered_people()[2]
    (given,) = head_predictions(head, iter([sample]))  # type: ignore[arg-type]
    assert given[1] is None
    people = head.people[0]
    assert people.crops is not None
    assert people.crops.shape == (1, 3, 224, 224)
    points = sample.points_3d[COCO, :3] + sample.root
    np.testing.assert_allclose(people.rays[0], points[:, :2] / points[:, 2:], atol=1e-4)
    without = replace(sample, K=None)
    assert next(head_predictions(head, iter([without])))[1] is None  # type: ignore[arg-type]


def test_network_input_follows_the_card() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[..., 0] = 200  # red
    rgb, bgr = (network_input(image, load_card(name).input) for name in ("pare", "dct"))
    assert rgb[0, 0, 0] == pytest.approx((200 - 123.675) / 58.395, rel=1e-5)
    assert bgr[2, 0, 0] == pytest.approx(200 / 127.5 - 1, rel=1e-5)
    assert bgr[0, 0, 0] == pytest.approx(-1)


@pytest.mark.parametrize(
    ("arrays", "wrong"),
    [
        ({"joints": np.zeros((2, 3))}, "vertices: missing"),
        ({"vertices": np.zeros((2, 5))}, r"vertices: \(2, 5\)"),
        ({"vertices": np.zeros((3, 5, 3))}, "holds 3 predictions for 2 samples"),
        ({"vertices": np.zeros((2, 5, 3)), "shape": np.zeros((1, 10))}, r"shape: \(1, 10\) float64; expected"),
    ],
)
def test_recorded_predictions_that_do_not_fit_are_one_line(
    tmp_path: Path, arrays: dict[str, np.ndarray], wrong: str
) -> None:
    path = tmp_path / "p.npz"
    np.savez(path, **arrays)
    with pytest.raises(ModelError, match=wrong):
        list(recorded_predictions(path, (2, 4), iter([(n, rendered_people()[n]) for n in range(2)])))


@pytest.mark.parametrize("total", [3, 5])
def test_recorded_predictions_belong_to_samples_by_their_number(tmp_path: Path, total: int) -> None:
    vertices = np.zeros((total, 5, 3)) + np.arange(total)[:, None, None]
    vertices[2, 0, 0] = np.nan
    np.savez(tmp_path / "p.npz", vertices=vertices)
    samples = [(number, rendered_people()[number]) for number in (0, 2)]  # the one between cannot be read
    first, last = recorded_predictions(tmp_path / "p.npz", (3, 5), iter(samples))
    assert first[0] is samples[0][1]
    np.testing.assert_array_equal(first[1], np.zeros((5, 3)))
    assert last[1] is None  # not finite
