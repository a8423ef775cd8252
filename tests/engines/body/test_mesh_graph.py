"""Mesh and joint graphs against those of the published implementation."""

import numpy as np
import pytest
from scipy import sparse

from engines.body.mesh_graph import (
    coarsen,
    joint_adjacency,
    laplacian,
    largest_eigenvalue,
    legacy_argsort,
    mesh_adjacency,
    rescaled_laplacian,
)
from engines.errors import ModelError
from engines.joint_sets import COCO19, HUMAN36, MANO21
from tests.support.paths import GOLDEN

MESHES = ["pose2mesh_full_coco_blob", "pose2mesh_full_mano_ico", "pose2mesh_graph_ico4"]


def stored_matrix(golden, name):
    return golden[f"{name}.row"], golden[f"{name}.col"], golden[f"{name}.val"]


def assert_matrix(matrix, golden, name):
    """Same entries stored at the same places, values to rounding."""
    entries = sparse.coo_array(sparse.csr_array(matrix))
    row, col, val = stored_matrix(golden, name)
    np.testing.assert_array_equal(entries.row, row)
    np.testing.assert_array_equal(entries.col, col)
    np.testing.assert_allclose(entries.data, val, atol=1e-12)


def test_legacy_argsort_ties_are_ordered_as_by_old_numpy():
    golden = np.load(GOLDEN / "numpy_legacy_argsort.npz")
    cases = [key.removesuffix(".values") for key in golden.files if key.endswith(".values")]
    assert len(cases) == 27
    for case in cases:
        np.testing.assert_array_equal(legacy_argsort(golden[f"{case}.values"]), golden[f"{case}.order"], case)


@pytest.mark.parametrize("size", [0, 1, 2, 16, 17, 500])
def test_legacy_argsort_random_values_are_sorted(size):
    values = np.random.default_rng(size).integers(0, 7, size).astype(float)
    order = legacy_argsort(values)
    np.testing.assert_array_equal(np.sort(order), np.arange(size))
    np.testing.assert_array_equal(values[order], np.sort(values))


@pytest.mark.parametrize("mesh", MESHES)
def test_coarsen_published_mesh_equals_golden_hierarchy(mesh):
    golden = np.load(GOLDEN / f"{mesh}.npz")
    levels = int(golden["graph.levels"])
    hierarchy = coarsen(mesh_adjacency(golden["graph.faces"], len(golden["graph.vertices"])), levels)

    assert hierarchy.sizes[:-1] == tuple(golden["graph.sizes"][:-1])  # the golden's last entry is the joint graph
    assert hierarchy.sizes_unpadded == tuple(golden["graph.sizes_unpadded"])
    np.testing.assert_array_equal(hierarchy.perm_reverse, golden["graph.perm_reverse"])
    for level in range(levels + 1):
        np.testing.assert_array_equal(hierarchy.permutations[level], golden[f"graph.perm.{level}"])
    for level in range(levels):
        np.testing.assert_array_equal(hierarchy.parents[level], golden[f"graph.parent.{level}"])
        assert_matrix(hierarchy.adjacencies[level], golden, f"graph.A.{level}")
        assert_matrix(rescaled_laplacian(hierarchy.adjacencies[level]), golden, f"graph.L.{level}")
        eigenvalue = largest_eigenvalue(laplacian(hierarchy.adjacencies[level]))
        assert eigenvalue == pytest.approx(golden["graph.lmax"][level], abs=1e-12)


@pytest.mark.parametrize(
    ("joint_set", "file", "level"),
    [
        (COCO19, "pose2mesh_full_coco_blob", 9),
        (HUMAN36, "pose2mesh_human36_joints", 9),
        (MANO21, "pose2mesh_full_mano_ico", 6),
    ],
)
def test_joint_adjacency_published_joint_set_equals_golden(joint_set, file, level):
    golden = np.load(GOLDEN / f"{file}.npz")
    adjacency = joint_adjacency(joint_set.edges, joint_set.pairs, len(joint_set))
    assert_matrix(adjacency, golden, f"graph.A.{level}")
    assert_matrix(laplacian(adjacency), golden, f"graph.L.{level}")


def test_coarsen_children_of_a_parent_are_adjacent():
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2], [3, 2, 4]])
    hierarchy = coarsen(mesh_adjacency(faces, 5), 2)
    for level, parents in enumerate(hierarchy.parents):
        coarse, fine = hierarchy.permutations[level + 1], hierarchy.permutations[level]
        for position, vertex in enumerate(fine):
            if vertex < len(parents):
                assert coarse[position // 2] == parents[vertex]
    assert [len(order) for order in hierarchy.permutations] == list(hierarchy.sizes)


def test_mesh_adjacency_faces_that_do_not_match_vertices_raise():
    with pytest.raises(ModelError, match="vertices 0 to 2"):
        mesh_adjacency(np.array([[0, 1, 3]]), 3)
    with pytest.raises(ModelError, match="vertex 1 belongs to no face"):
        mesh_adjacency(np.array([[0, 2, 3]]), 4)
