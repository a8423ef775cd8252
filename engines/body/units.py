"""Checks that a body is in meters and upright; units and axes of a file can only be inferred from its mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.body.body import FAMILIES, Body
from engines.errors import ModelError

# The largest extent of a rest mesh, meters, from a newborn's to a giant's; a hand may be as large as a body, but not
# as large as one in centimeters.
PLAUSIBLE_M = {"mano": (0.04, 2.8), "body": (0.4, 2.8)}
USUAL_M = {"mano": (0.04, 0.4), "body": (0.4, 2.8)}
UNITS = {"centimeters": 100.0, "millimeters": 1000.0, "inches": 1 / 0.0254}
PELVIS, HEAD = 0, 15  # joints of the families that have SMPL's body


def check_units(body: Body, path: str | Path) -> None:
    """Checks the size and direction of a body of a known family.

    It is not converted: an infant in meters is as tall as an adult in some other unit.

    Raises:
        ModelError: The body is not in meters, or does not stand along Y; the message names the probable unit.
    """
    if body.family not in FAMILIES.values():
        return
    vertices = body.v_template
    extent = float((vertices.max(0) - vertices.min(0)).max())
    kind = "mano" if body.family == "mano" else "body"
    least, most = PLAUSIBLE_M[kind]
    if not least <= extent <= most:
        usual, largest = USUAL_M[kind]
        seems = [name for name, factor in UNITS.items() if usual <= extent / factor <= largest]
        what = f"as in {seems[0]}" if seems else "in an unknown unit"
        remedy = f"divide v_template, shapedirs and posedirs by {UNITS[seems[0]]:.6g}" if seems else "scale it"
        raise ModelError(
            f"{path}: its rest mesh measures {extent:.4g}, {what}; a body must be in meters ({least:g} to {most:g}): "
            f"{remedy} and import it again"
        )
    if body.family != "mano":
        _check_upright(body, path)


def _check_upright(body: Body, path: str | Path) -> None:
    joints = body.joint_regressor @ body.v_template
    up = joints[HEAD] - joints[PELVIS]
    axis = int(np.abs(up).argmax())
    if axis == 1 and up[1] > 0:
        return
    seems = f"{'+' if up[axis] > 0 else '-'}{'XYZ'[axis]}"
    raise ModelError(
        f"{path}: its head is at {seems} of its pelvis; a body must stand along +Y, facing +Z: turn v_template, "
        "shapedirs and posedirs and import it again"
    )
