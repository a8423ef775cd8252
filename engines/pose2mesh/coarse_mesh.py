"""Coarse levels of a body mesh: cluster means as coarse vertices, and a fixed sparse upsampling to all vertices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.mesh_graph import coarsen, mesh_adjacency, rescaled_laplacian

F32 = NDArray[np.float32]
PAPER_LEVELS = 9
NEIGHBORS = 12
RIDGE = 3e-6  # meters squared per sample: keeps the weights small where neighbors move together


@dataclass(frozen=True, slots=True)
class CoarseMesh:
    """Levels of the coarsened mesh, coarsest first, and the positions of the real vertices of the finest one.

    laplacians: rescaled, dense (S, S) float32, padded sizes S doubling from level to level;
    real (C,): padded positions of the finest level that stand for a cluster of vertices; regressor (C, V): a coarse
    vertex is the mean of its cluster; edges (E, 2): pairs of neighboring coarse vertices.
    """

    laplacians: tuple[F32, ...]
    real: NDArray[np.int64]
    regressor: F32
    edges: NDArray[np.int64]


def coarse_mesh(body: Body, finest: int = 5, count: int = 3) -> CoarseMesh:
    """Levels `finest` .. `finest + count - 1` of the paper's hierarchy of `body` (level 0 is the mesh itself)."""
    vertices = len(body.v_template)
    hierarchy = coarsen(mesh_adjacency(body.faces, vertices), PAPER_LEVELS)
    cluster = np.arange(vertices)
    for parents in hierarchy.parents[:finest]:
        cluster = parents[cluster]
    clusters = hierarchy.sizes_unpadded[finest]
    order = hierarchy.permutations[finest]
    real = np.flatnonzero(order < clusters)
    regressor = np.zeros((clusters, vertices), np.float32)
    regressor[cluster, np.arange(vertices)] = 1
    regressor /= regressor.sum(1, keepdims=True)
    links = hierarchy.adjacencies[finest][real][:, real].tocoo()
    return CoarseMesh(
        laplacians=tuple(
            rescaled_laplacian(hierarchy.adjacencies[level]).toarray().astype(np.float32)
            for level in range(finest + count - 1, finest - 1, -1)
        ),
        real=real,
        regressor=regressor[order[real]],
        edges=np.stack([links.row, links.col], -1)[links.row < links.col].astype(np.int64),
    )


def fit_upsampling(coarse: F32, fine: F32) -> tuple[NDArray[np.int32], F32]:
    """Weights that make fine vertices (S, V, 3) from coarse ones (S, C, 3) over S posed samples of one body.

    Each vertex is an affine combination (weights sum to 1, so that translations carry over exactly) of the
    NEIGHBORS coarse vertices that stay nearest to it, by ridge least squares. Returns indices and values (V, K).
    """
    samples, vertices = fine.shape[:2]
    distance = np.zeros((vertices, coarse.shape[1]), np.float32)
    for s in range(0, samples, max(1, samples // 24)):  # a few poses separate a leg from its neighbor
        difference = fine[s][:, None] - coarse[s][None]
        distance += np.sqrt(np.einsum("vcd,vcd->vc", difference, difference))
    indices = np.sort(np.argpartition(distance, NEIGHBORS, axis=1)[:, :NEIGHBORS], axis=1)

    flat = coarse.astype(np.float64).transpose(0, 2, 1).reshape(-1, coarse.shape[1])
    target = fine.astype(np.float64).transpose(0, 2, 1).reshape(-1, vertices)
    gram, cross = flat.T @ flat, flat.T @ target
    # Karush-Kuhn-Tucker system of each vertex: [G + ridge, 1; 1^T, 0] [w; l] = [c; 1].
    system = np.zeros((vertices, NEIGHBORS + 1, NEIGHBORS + 1))
    system[:, :-1, :-1] = gram[indices[:, :, None], indices[:, None, :]] + RIDGE * samples * np.eye(NEIGHBORS)
    system[:, -1, :-1] = system[:, :-1, -1] = 1
    right = np.ones((vertices, NEIGHBORS + 1))
    right[:, :-1] = cross[indices, np.arange(vertices)[:, None]]
    values = np.linalg.solve(system, right[..., None])[:, :-1, 0]
    return indices.astype(np.int32), values.astype(np.float32)
