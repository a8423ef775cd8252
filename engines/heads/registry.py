"""Which head runs a mesh card, and on which body."""

from __future__ import annotations

from collections.abc import Callable

from engines.body.body import Body
from engines.body.select import is_bundled_body, select_body
from engines.cards.card import Card
from engines.errors import ModelError
from engines.heads.base import Head
from engines.heads.decomr import DecomrHead
from engines.heads.pose2mesh import Pose2MeshHead
from engines.heads.pose2mesh_open import Pose2MeshOpenHead
from engines.heads.smpl_parameters import SmplParametersHead
from engines.inference.onnx_model import OF_THE_BODY
from engines.inference.session import Session

DRIVEN: dict[str, Callable[[Session, Card, Body, tuple[str, ...]], Head]] = {
    "pose2mesh": Pose2MeshHead,
    "pare": SmplParametersHead,
    "dct": SmplParametersHead,
    "decomr": DecomrHead,
}
FAMILIES = ("pose2mesh_open", *DRIVEN)
ROTATING = ("pare", "dct")  # families that predict rotations, which bear 8 bits of mantissa; coordinates do not


def body_for(card: Card, name: str | None) -> Body | None:
    """The body that a mesh card is to drive: the one with this name, else an imported one, else the open body; None for
    a card with a body of its own.

    Raises ModelError for a family without a live head, a body beside the card's own, and for weights that give the
    vertices of SMPL's mesh when there is only the open body, unless that one is asked for by name.
    """
    if card.family not in FAMILIES:
        reason = f": {card.notes}" if card.notes else f"; live heads are: {', '.join(FAMILIES)}"
        raise ModelError(f"{card.name} has no live head{reason}")
    if card.body:
        if name is not None:
            raise ModelError(f"{card.name} gives the vertices of its own body: leave --body away")
        return None
    family = "mano" if card.name.endswith("_mano") else "smpl"
    body = select_body(name, family)
    if name is None and card.family in OF_THE_BODY and not card.untrained and is_bundled_body(body):
        raise ModelError(
            f"{card.name} gives the vertices of the body that it was trained on: import that body first "
            "(meshcast models import SMPL_NEUTRAL.pkl), or say --body open_smpl_body if it is the open one"
        )
    return body


def make_head(card: Card, session: Session, body: Body | None, keypoint_names: tuple[str, ...]) -> Head:
    """The head of a mesh card with its session, on the body of `body_for`, behind a pose model with these keypoints."""
    if body is None:
        return Pose2MeshOpenHead(session, card, keypoint_names)
    return DRIVEN[card.family](session, card, body, keypoint_names)
