"""Checks when an ONNX mesh model is loaded that its input and outputs are those of its family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from engines.body.body import Body
from engines.cards.card import Card
from engines.errors import ModelError
from engines.files.npz import read_npz
from engines.heads.decomr import MAP_SIDE
from engines.heads.pose2mesh_open import SINGLE_FRAME, state_size
from engines.inference.session import Session
from engines.onnx_file.signature import shape_text

Sides: TypeAlias = "tuple[int | str, ...]"  # a letter for any size
POINTS = 47  # of pose2mesh_open: the joints, COCO's keypoints and the feet
DCT_NUMBERS = 85  # camera, pose and shape


def check_outputs(card: Card, session: Session, body: Body | None) -> None:
    """Runs an imported mesh model on zeros and checks the outputs; the networks of this project are not checked.

    Args:
        card: The model's card, of a family with a live head.
        session: The model, loaded.
        body: The body that it drives; None where it has its own.

    Raises:
        ModelError: The card's input or the model's outputs are not those of the family.
    """
    if card.network:
        return
    wanted = _input(card)
    shape = tuple(side if isinstance(side, int) else 0 for side in card.input.shape[1:])
    if not _fits((1, *shape), (1, *wanted)):
        raise ModelError(
            f"{card.name}: the card's input.shape is {shape_text(card.input.shape)}; a {card.family} model takes "
            f"{shape_text(('N', *wanted))}"
        )
    outputs = [output.shape for output in session(np.zeros((1, *shape), np.float32))]
    expected = _outputs(card, body)
    if len(outputs) != len(expected) or not all(map(_fits, outputs, expected)):
        gives = ", ".join(shape_text(("N", *sides[1:])) for sides in expected)
        got = ", ".join(map(shape_text, outputs)) or "nothing"
        raise ModelError(f"{card.name}: its outputs are {got}; a {card.family} model has {gives}")


def _input(card: Card) -> Sides:
    if card.family == "pose2mesh_open":
        return (SINGLE_FRAME,) if state_size(card) == 0 else ("F",)
    if card.family == "pose2mesh":
        return (len(card.keypoints), 2)
    return (3, "H", "W")


def _outputs(card: Card, body: Body | None) -> tuple[Sides, ...]:
    """The outputs that the head of each family reads, for one person."""
    vertices = len(body.v_template) if body is not None else "V"
    families: dict[str, tuple[Sides, ...]] = {
        "pose2mesh_open": _pose2mesh_open_outputs(card),
        "pose2mesh": ((1, vertices, 3),),
        "pare": ((1, 24, 3, 3), (1, 10), (1, 3), (1, 24, "h", "w")),
        "dct": ((1, DCT_NUMBERS),),
        "dct_iuv": ((1, DCT_NUMBERS),),
        "imphmr": ((1, 24, 3, 3), (1, 10), (1, 3)),
        "decomr": ((1, MAP_SIDE, MAP_SIDE, 3), (1, 3)),
    }
    return families[card.family]


def _pose2mesh_open_outputs(card: Card) -> tuple[Sides, ...]:
    single: tuple[Sides, ...] = ((1, POINTS, 3), (1, _coarse_vertices(card), 3))
    state = state_size(card)
    return (*single, (1, POINTS), (1, 2), (1, state)) if state else single


def _coarse_vertices(card: Card) -> int | str:
    """The number of coarse vertices of the table beside the card; a letter without one (the head reports that)."""
    path = card.path.with_suffix(".upsampling.npz")
    if card.family != "pose2mesh_open" or not path.is_file():
        return "C"
    columns = read_npz(path, "an upsampling table").get("columns")
    return int(columns) if columns is not None and columns.ndim == 0 else "C"


def _fits(shape: Sequence[int], sides: Sides) -> bool:
    return len(shape) == len(sides) and all(
        found > 0 if isinstance(side, str) else found == side for found, side in zip(shape, sides, strict=True)
    )
