"""Which second pose model runs beside which pose model."""

from __future__ import annotations

import pytest

from edge.models import Models, second_pose_card
from engines.cards.card import load_card
from engines.errors import UnknownNameError


@pytest.mark.parametrize(
    ("pose", "second", "expected"),
    [
        ("movenet_thunder", "auto", "efficientpose_i"),
        ("movenet_thunder", "none", None),
        ("movenet_thunder", "efficientpose", "efficientpose_i"),
        ("hrnet_w32_256x192", "auto", None),
        ("hrnet_w32_256x192", "movenet", "movenet_thunder"),
    ],
)
def test_second_pose_card_follows_the_option_and_the_pose_model(pose: str, second: str, expected: str | None) -> None:
    card = second_pose_card(Models(pose=pose, second_pose=second), load_card(pose))
    assert (None if card is None else card.name) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("efficientpos", "unknown pose 'efficientpos' "),
        ("nanodet_g", "nanodet_g is a detector model, not a pose model"),
    ],
)
def test_second_pose_card_of_wrong_name_raises(name: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        second_pose_card(Models(second_pose=name), load_card("movenet_thunder"))
