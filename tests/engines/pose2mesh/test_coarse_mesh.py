"""Coarse meshes and the bundled upsampling."""

from __future__ import annotations

import numpy as np

from engines.body.body import open_body
from engines.cards.card import load_card
from engines.files.npz import read_npz
from engines.pose2mesh.coarse_mesh import coarse_mesh
from meshcast.protocol.rotations import rotmat


def test_bundled_upsampling_restores_posed_bodies() -> None:
    body, coarse = open_body(), coarse_mesh(open_body())
    table = read_npz(load_card("pose2mesh_open").path.with_suffix(".upsampling.npz"), "an upsampling table")
    rng = np.random.default_rng(0)
    fine, _ = body.skin(rotmat(rng.normal(0, 0.3, (30, 24, 3))), rng.normal(0, 1, (30, 10)).astype(np.float32))
    small = coarse.regressor @ fine
    assert small.shape[1] == table["columns"] == 295
    restored = np.einsum("vk,nvkc->nvc", table["values"], small[:, table["indices"]])
    error_mm = np.linalg.norm(restored - fine, axis=-1) * 1e3
    assert error_mm.mean() < 3.0
    np.testing.assert_allclose(table["values"].sum(1), 1, atol=1e-5)


def test_coarse_mesh_laplacians_are_symmetric() -> None:
    coarse = coarse_mesh(open_body())
    assert [lap.shape for lap in coarse.laplacians] == [(96, 96), (192, 192), (384, 384)]
    for laplacian in coarse.laplacians:
        np.testing.assert_array_equal(laplacian, laplacian.T)  # what the training's gradient relies on


def test_coarse_mesh_regressor_averages_disjoint_clusters() -> None:
    regressor = coarse_mesh(open_body()).regressor
    np.testing.assert_allclose(regressor.sum(1), 1, atol=1e-5)
    assert (np.count_nonzero(regressor, axis=0) == 1).all()
