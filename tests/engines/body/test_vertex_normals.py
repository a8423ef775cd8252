"""Normals of vertices."""

from __future__ import annotations

import numpy as np

from engines.body.body import open_body
from engines.body.vertex_normals import VertexNormals

BODY = open_body()


def test_vertex_normals_are_unit_and_outward() -> None:
    normals = VertexNormals(BODY.faces, 6890)(BODY.v_template)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)

    def volume(vertices: np.ndarray) -> float:
        a, b, c = (vertices[BODY.faces[:, i]].astype(np.float64) for i in range(3))
        return float(np.einsum("fc,fc->", a, np.cross(b, c)) / 6)

    assert volume(BODY.v_template + 0.01 * normals) > 1.1 * volume(BODY.v_template) > 0
