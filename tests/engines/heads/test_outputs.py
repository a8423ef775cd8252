"""Outputs of imported ONNX mesh models are compared with their family on loading."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines.body.body import open_body
from engines.cards.card import Card, load_card
from engines.errors import ModelError
from engines.heads.outputs import check_outputs
from engines.heads.pose2mesh_open import BESIDE_STATE


class Fixed:
    """A session that always gives zeros of these shapes."""

    backend, device, precision = "none", "cpu", "fp32"

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        self.outputs = tuple(np.zeros(shape, np.float32) for shape in shapes)
        self.calls = 0

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        self.calls += 1
        return self.outputs


def of_others(name: str) -> Card:
    return replace(load_card(name), network="")


PARE = ((1, 24, 3, 3), (1, 10), (1, 3), (1, 24, 56, 56))


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("pose2mesh_open", ((1, 47, 3), (1, 295, 3), (1, 47), (1, 2), (1, 1024))),
        ("pose2mesh_coco", ((1, 6890, 3),)),
        ("pare", PARE),
        ("dct", ((1, 85),)),
        ("decomr", ((1, 128, 128, 3), (1, 3))),
    ],
)
def test_check_outputs_wrong_shapes_raise(name: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    card, body = of_others(name), None if name == "pose2mesh_open" else open_body()
    check_outputs(card, Fixed(*shapes), body)
    for wrong in (shapes[1:], (*shapes, (1, 3)), (*shapes[:-1], (*shapes[-1][:-1], 7, 7)), (*shapes[:-1], (1, 2))):
        with pytest.raises(ModelError, match=rf"{card.name}: its outputs are .*; a {card.family} model has \[N, "):
            check_outputs(card, Fixed(*wrong), body)


def test_check_outputs_input_of_another_size_raises() -> None:
    card = of_others("pose2mesh_open")
    wide = replace(card, input=replace(card.input, shape=("N", 57)))
    with pytest.raises(ModelError, match=r"the card's input\.shape is \[N, 57\]; .* takes \[N, 54\]"):
        check_outputs(wide, Fixed(), None)


def test_check_outputs_of_a_model_with_a_state_wants_the_state_back() -> None:
    card = of_others("pose2mesh_open")
    card = replace(card, input=replace(card.input, shape=("N", BESIDE_STATE + 6)))
    single = ((1, 47, 3), (1, 295, 3))
    check_outputs(card, Fixed(*single, (1, 47), (1, 2), (1, 6)), None)
    for wrong in (single, (*single, (1, 47), (1, 2), (1, 5))):
        with pytest.raises(ModelError, match=r"its outputs are .*; a pose2mesh_open model has .*\[N, 6\]"):
            check_outputs(card, Fixed(*wrong), None)


def test_check_outputs_own_networks_are_not_run() -> None:
    session = Fixed()
    check_outputs(load_card("pare"), session, open_body())
    assert session.calls == 0
