"""Zones to ignore on the command line and in configuration files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.stages.zones import Zone

DEST = "ignore_zone"
MOST_ZONES = 64
EXAMPLE = "[[[0, 0], [0.3, 0], [0.3, 1], [0, 1]]]"


def add_zone_option(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """--ignore-zone."""
    parser.add_argument(
        "--ignore-zone",
        type=zone,
        action="append",
        default=[],
        metavar="X,Y ...",
        help="ignore people whose feet or middle are in this polygon of the image, for example "
        "'0,0 0.3,0 0.3,1 0,1' for its left part (fractions of width and height; may be repeated)",
    )


def zone(text: str) -> Zone:
    """Parse a polygon, "X,Y X,Y X,Y ...". Raises ArgumentTypeError."""
    try:
        corners = [tuple(float(number) for number in corner.split(",")) for corner in text.split()]
        return _zone(corners)
    except ValueError as error:
        reason = str(error) if str(error).startswith(("a zone", "the corners")) else "write X,Y X,Y X,Y"
        raise argparse.ArgumentTypeError(f"{text!r} is not a zone: {reason}") from None


def zones_of(value: object) -> list[Zone]:
    """The zones of a key: a list of polygons, each a list of points [x, y]. Raises ValueError."""
    if not isinstance(value, list) or len(value) > MOST_ZONES:
        raise ValueError(f"is not a list of up to {MOST_ZONES} polygons; write {EXAMPLE}")
    return [_numbered(number, corners) for number, corners in enumerate(value, 1)]


def shown_zones(zones: list[Zone]) -> list[Any] | None:
    """Zones as the value of a key, None without any."""
    return [[list(corner) for corner in each.corners] for each in zones] or None


def _numbered(number: int, corners: object) -> Zone:
    try:
        return _zone(corners)
    except ValueError as error:
        raise ValueError(f"polygon {number}: {error}") from None


def _zone(corners: object) -> Zone:
    from edge.stages.zones import Zone

    def good(corner: object) -> bool:
        numbers = isinstance(corner, list | tuple) and len(corner) == 2
        return numbers and all(isinstance(number, int | float) and not isinstance(number, bool) for number in corner)  # type: ignore[attr-defined]

    if not isinstance(corners, list) or not all(good(corner) for corner in corners):
        raise ValueError(f"is not a list of points [x, y]; write {EXAMPLE}")
    return Zone(tuple((float(x), float(y)) for x, y in corners))
