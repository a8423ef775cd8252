"""Left-right counterparts of the bundled body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.body.body import open_body
from engines.body.mirror import mirror_of, mirrored_joints
from engines.joint_sets import SMPL24

BODY = open_body()


def test_mirrored_vertices_and_joints_are_at_the_mirrored_places() -> None:
    mirror = mirror_of(BODY)
    assert mirror is not None
    flipped = BODY.v_template * np.array([-1, 1, 1])
    np.testing.assert_allclose(BODY.v_template[mirror.vertices], flipped, atol=1e-6)
    joints = mirrored_joints()
    assert SMPL24.joint_names[joints[SMPL24.joint_names.index("left_knee")]] == "right_knee"
    assert joints[0] == 0


def test_mirrored_texture_coordinates_are_of_the_mirrored_surface_points() -> None:
    mirror = mirror_of(BODY)
    assert mirror is not None
    assert mirror.surface is not None
    assert BODY.uv is not None
    faces = np.random.default_rng(0).integers(len(BODY.faces), size=200)
    weights = np.random.default_rng(1).dirichlet(np.full(3, 5.0), 200)
    corners = BODY.uv.coordinates[BODY.uv.faces[faces]]
    uv = np.einsum("pk,pkc->pc", weights, corners).astype(np.float32)
    from engines.body.face_parts import face_parts

    part = (face_parts(BODY)[faces] + 1).astype(np.uint8)
    other_part, other_uv = mirror.surface(part, uv)
    found = mirror.surface.surface(other_part, other_uv)
    place = np.einsum("pk,pkc->pc", found.weights, BODY.v_template[found.vertices])
    true = np.einsum("pk,pkc->pc", weights, BODY.v_template[BODY.faces[faces]]) * np.array([-1, 1, 1])
    assert found.found.all()
    np.testing.assert_allclose(place, true, atol=1e-4)
    back_part, back_uv = mirror.surface(other_part, other_uv)
    np.testing.assert_array_equal(back_part, part)
    np.testing.assert_allclose(back_uv, uv, atol=1e-4)


def test_body_that_is_not_symmetric_has_no_mirror() -> None:
    bent = BODY.v_template.copy()
    bent[:100, 0] += 0.1
    assert mirror_of(replace(BODY, v_template=bent)) is None
