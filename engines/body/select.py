"""Selects the body of a mesh head: a requested one, an imported one, or the bundled one."""

from __future__ import annotations

import hashlib

from engines.body.body import Body, load_body, open_body
from engines.body.location_map import LocationMap, build
from engines.body.units import check_units
from engines.cards.card import Card, cards, load_card, read_weights, user_models
from engines.errors import ModelError


def body_for_card(card: Card) -> Body:
    """The body that a card of task "body" describes. Raises ModelError when its file is damaged or missing."""
    read_weights(card.variants[0])
    body = load_body(card.variants[0].file)
    check_units(body, card.variants[0].file)
    return body


def imported_body(kind: str = "smpl") -> Body | None:
    """The first imported body of a family by name, or None."""
    folder = user_models()
    found = (card for card in cards("body") if card.path.parent == folder and card.family == kind)
    return next((body_for_card(card) for card in found), None)


def select_body(name: str | None, kind: str = "smpl") -> Body:
    """The body with this name (see `meshcast models`); without a name an imported one, else the bundled one."""
    if name is not None:
        return body_for_card(load_card(name, "body"))
    return imported_body(kind) or open_body()


def is_bundled_body(body: Body) -> bool:
    """Whether a body is the bundled one, which does not have the shape directions and vertices of SMPL."""
    return digest(body) == digest(open_body())


def body_map(body: Body, side: int) -> LocationMap:
    """The location map (side x side texels) of a body, with v of its texture coordinates as rows
    downwards, like the published templates. Raises ModelError for a body without texture coordinates."""
    if body.uv is None:
        raise ModelError(
            f"{body.name}: has no texture coordinates (vt, ft) for a location map; import a body with them"
        )
    return build(body.uv.coordinates, body.faces, body.uv.faces, len(body.v_template), (side, side))


def digest(body: Body) -> str:
    """A fingerprint of a body's mesh."""
    return hashlib.sha256(body.faces.tobytes() + body.v_template.tobytes()).hexdigest()[:16]
