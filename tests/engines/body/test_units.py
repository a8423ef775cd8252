"""Bodies in other units or axes are rejected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.body.body import Body, open_body
from engines.body.units import check_units
from engines.errors import ModelError


def scaled(factor: float) -> Body:
    return replace(open_body(), v_template=np.float32(factor) * open_body().v_template)


def turned(*axes: tuple[int, int]) -> Body:
    """The body with its axes taken from others, by index and sign."""
    vertices = np.stack([sign * open_body().v_template[:, axis] for axis, sign in axes], 1)
    return replace(open_body(), v_template=vertices.astype(np.float32))


def hand(extent: float) -> Body:
    vertices = np.zeros((2, 3), np.float32)
    vertices[1, 0] = extent
    return replace(
        Body(
            name="hand",
            v_template=vertices,
            shape_dirs=np.zeros((2, 3, 1), np.float32),
            weights=np.zeros((2, 16), np.float32),
            joint_regressor=np.zeros((16, 2), np.float32),
            parents=np.arange(-1, 15, dtype=np.int32),
            faces=np.zeros((1, 3), np.int32),
            joint_names=tuple(map(str, range(16))),
        )
    )


@pytest.mark.parametrize("body", [open_body(), scaled(0.4), scaled(1.4), hand(0.2)], ids=["1", "0.4", "1.4", "hand"])
def test_check_units_plausible_body_passes(body: Body) -> None:
    assert check_units(body, "body.npz") is None  # it raises otherwise


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            scaled(100),
            r"measures 1\d\d\.?\d*, as in centimeters; .*: divide v_template, shapedirs and posedirs by 100 ",
        ),
        (scaled(1000), r"as in millimeters; .* by 1000 "),
        (scaled(1 / 0.0254), r"as in centimeters; "),
        (scaled(0), "measures 0, in an unknown unit"),
        (hand(20), "measures 20, as in centimeters"),
        (hand(200), "measures 200, as in millimeters"),
        (turned((0, 1), (2, -1), (1, 1)), r"its head is at \+Z of its pelvis; a body must stand along \+Y"),
        (turned((0, 1), (1, -1), (2, -1)), "its head is at -Y of its pelvis"),
        (turned((1, 1), (0, 1), (2, -1)), r"its head is at \+X of its pelvis"),
    ],
)
def test_check_units_other_units_or_axes_raises(body: Body, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        check_units(body, "body.npz")
    assert str(caught.value).startswith("body.npz: ")
    assert "\n" not in str(caught.value)
