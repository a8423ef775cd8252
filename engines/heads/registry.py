"""Selects the head and the body of a mesh card."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engines.body.body import Body
from engines.body.select import is_bundled_body, select_body
from engines.cards.card import Card
from engines.errors import ModelError
from engines.heads.base import Head
from engines.heads.decomr import DecomrHead
from engines.heads.pose2mesh import Pose2MeshHead
from engines.heads.pose2mesh_open import Pose2MeshOpenHead
from engines.heads.smpl_parameters import DctIuvHead, ImphmrHead, SmplParametersHead
from engines.inference.onnx_model import BODY_SPECIFIC
from engines.inference.session import Session

DRIVEN: dict[str, Callable[[Session, Card, Body, tuple[str, ...]], Head]] = {
    "pose2mesh": Pose2MeshHead,
    "pare": SmplParametersHead,
    "dct": SmplParametersHead,
    "dct_iuv": DctIuvHead,
    "imphmr": ImphmrHead,
    "decomr": DecomrHead,
}
FAMILIES = ("pose2mesh_open", *DRIVEN)
ROTATING = (
    "pare",
    "dct",
    "imphmr",
)  # families that predict rotations, for which 8 bits of mantissa are enough; for coordinates they are not


def body_for(card: Card, name: str | None) -> Body | None:
    """The body of a mesh card: the one with this name, else an imported one, else the bundled body; None for a card
    with a body of its own.

    Raises ModelError for a family without a head, for a name beside the card's own body, and for weights that predict
    the vertices of SMPL's mesh where only the bundled body exists, unless that one is requested by name.
    """
    if card.family not in FAMILIES:
        reason = card.notes or f"choose a model of: {', '.join(FAMILIES)}"
        raise ModelError(f"{card.name}: its family {card.family} has no mesh head; {reason}")
    if card.body:
        if name is not None:
            raise ModelError(f"{card.name}: has a body of its own; remove --body")
        return None
    family = "mano" if card.name.endswith("_mano") else "smpl"
    body = select_body(name, family)
    if name is None and card.family in BODY_SPECIFIC and not card.untrained and is_bundled_body(body):
        raise ModelError(
            f"{card.name}: predicts the vertices of the body that it was trained on; import that body first "
            "(meshcast models import SMPL_NEUTRAL.pkl), or add --body open_smpl_body if it is the bundled one"
        )
    return body


def make_head(
    card: Card, session: Session, body: Body | None, keypoint_names: tuple[str, ...], *, view_deg: float = 0.0
) -> Head:
    """The head of a mesh card with its session, for the body of `body_for` and a pose model with these keypoints.

    view_deg: how far the camera has moved around the person, for models that imagine views. Raises ModelError for
    others.
    """
    if view_deg:
        if card.family != "imphmr" or body is None:
            raise ModelError(f"{card.name}: sees the image's view alone; remove --view-angle, or choose --mesh imphmr")
        return ImphmrHead(session, card, body, keypoint_names, float(np.deg2rad(view_deg)))
    if body is None:
        return Pose2MeshOpenHead(session, card, keypoint_names)
    return DRIVEN[card.family](session, card, body, keypoint_names)
