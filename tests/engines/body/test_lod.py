"""Coarser meshes: a subset of the vertices, same topology and orientation, small distance."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from engines.body.body import open_body
from engines.body.lod import LodConfig, coarser, lod_of
from engines.errors import ModelError
from meshcast.protocol.body import Lod
from meshcast.protocol.rotations import rotmat

Mesh = tuple[np.ndarray, np.ndarray]

pytestmark = pytest.mark.slow


@cache
def made() -> Lod:
    """The lod of the bundled body, computed again."""
    return lod_of(replace(open_body(), lod=None))


def hand(around: int = 24, along: int = 30) -> Mesh:
    """A tapering tube with a rounded tip, open at the wrist (z = 0), whose rim is no circle: 721 vertices."""
    angle = np.arange(around) * 2 * np.pi / around
    z = np.linspace(0, 0.18, along)
    radius = 0.03 * np.sqrt(1 - (z / 0.19) ** 2)
    rings = np.stack(
        np.broadcast_arrays(
            radius[:, None] * np.cos(angle) * 1.6, radius[:, None] * np.sin(angle), z[:, None] + 0 * angle
        ),
        -1,
    )
    rings[0, :, 2] += 0.004 * np.cos(3 * angle)
    vertices = np.concatenate([rings.reshape(-1, 3), [[0, 0, 0.19]]]).astype(np.float32)
    ring, step = np.divmod(np.arange((along - 1) * around), around)
    a, b = ring * around + step, ring * around + (step + 1) % around
    sides = np.concatenate([np.stack([a, b, b + around], 1), np.stack([a, b + around, a + around], 1)])
    last = (along - 1) * around + np.arange(around)
    tip = np.stack([last, np.roll(last, -1), np.full(around, along * around)], 1)
    return vertices, np.concatenate([sides, tip]).astype(np.int32)


def cuff(around: int = 40) -> Mesh:
    """A cone's frustum open at both ends, a face high: every vertex is on a border."""
    angle = np.arange(around) * 2 * np.pi / around
    low = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    a, b = np.arange(around), np.roll(np.arange(around), -1)
    faces = np.concatenate([np.stack([a, b, b + around], 1), np.stack([a, b + around, a + around], 1)])
    return np.concatenate([low, 0.9 * low + [0, 0, 0.02]]).astype(np.float32), faces.astype(np.int32)


def body() -> Mesh:
    return open_body().v_template, open_body().faces


def edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges (E, 2) of a mesh and how many faces each has."""
    ends = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
    found, count = np.unique(ends, axis=0, return_counts=True)
    return found, count


def directed_once(faces: np.ndarray) -> bool:
    """Whether no two faces run along an edge in the same direction: all are turned the same way."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return len(np.unique(ends, axis=0)) == len(ends)


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    return float((np.cross(a, b) * c).sum() / 6)


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    upright = np.cross(b - a, c - a)
    unit: np.ndarray = upright / np.linalg.norm(upright, axis=1, keepdims=True)
    return unit


def distances(points: np.ndarray, vertices: np.ndarray, faces: np.ndarray, near: int = 48) -> np.ndarray:
    """From points (N, 3) to the nearest of the faces whose centers are nearest (N,): never less than the true ones."""
    spatial = pytest.importorskip("scipy.spatial")
    corners = vertices[faces].astype(np.float64)
    _, index = spatial.cKDTree(corners.mean(1)).query(points, near)
    a, b, c = np.moveaxis(corners[index], 2, 0)
    point = points[:, None].astype(np.float64)
    upright = np.cross(b - a, c - a)
    upright /= np.linalg.norm(upright, axis=-1, keepdims=True)
    inside = np.ones(index.shape, bool)
    best = np.full(index.shape, np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        side = end - start
        inside &= (np.cross(side, point - start) * upright).sum(-1) >= 0
        share = np.clip(((point - start) * side).sum(-1) / (side * side).sum(-1), 0, 1)
        best = np.minimum(best, np.linalg.norm(start + share[..., None] * side - point, axis=-1))
    plane = np.abs(((point - a) * upright).sum(-1))
    nearest: np.ndarray = np.where(inside, plane, best).min(1)
    return nearest


@pytest.mark.parametrize(("mesh", "target"), [(body(), 1722), (body(), 300), (hand(), 400), (hand(), 60), (cuff(), 20)])
def test_coarser_keeps_topology_and_orientation(mesh: Mesh, target: int) -> None:
    vertices, faces = mesh
    lod = coarser(vertices, faces, target)
    assert len(lod.vertices) == target
    assert (lod.vertices.dtype, lod.faces.dtype) == (np.int32, np.int32)
    assert (np.diff(lod.vertices) > 0).all()
    np.testing.assert_array_equal(np.unique(lod.faces), np.arange(target))
    (_, full), (found, count) = edges(faces), edges(lod.faces)
    assert count.max() == 2
    assert (count == 1).any() == (full == 1).any()
    assert set(np.unique(found[count == 1], return_counts=True)[1]) <= {2}  # borders do not touch
    assert target - len(found) + len(lod.faces) == len(vertices) - len(full) + len(faces)
    assert directed_once(lod.faces)


def test_lod_of_body_keeps_volume_and_outward_faces() -> None:
    vertices, faces = body()
    coarse = vertices[made().vertices]
    assert volume(vertices, faces) > 0.05
    assert volume(coarse, made().faces) == pytest.approx(volume(vertices, faces), rel=0.02)
    full = np.zeros_like(vertices, np.float64)
    np.add.at(full, faces.ravel(), np.repeat(normals(vertices, faces), 3, 0))
    around = full[made().vertices][made().faces].sum(1)
    # Between fingers and toes and at the lips a coarse face may stand across the surface.
    assert ((normals(coarse, made().faces) * around).sum(1) > 0).mean() > 0.99


def posed(rng: np.random.Generator) -> np.ndarray:
    """The open body (3, V, 3): at rest, and in two random poses with bent elbows and knees."""
    turns = rng.normal(0, 0.35, (3, 24, 3))
    names = open_body().joint_names
    for name, axis, bend in (("elbow", 1, 1.2), ("knee", 0, 1.2)):
        turns[:, names.index(f"right_{name}"), axis] += bend
        turns[:, names.index(f"left_{name}"), axis] += bend if axis == 0 else -bend
    turns[0] = 0
    return open_body().skin(rotmat(turns), np.zeros((3, 10), np.float32))[0]


def test_lod_of_posed_body_stays_near_the_full_surface(rng: np.random.Generator) -> None:
    rest, *bent = (distances(full, full[made().vertices], made().faces) * 1e3 for full in posed(rng))
    assert rest.mean() < 0.9
    assert rest.max() < 7
    assert np.mean(bent) < 1.2
    assert np.percentile(bent, 99) < 6.5


def test_coarser_with_skinning_weights_has_smaller_error_in_poses(rng: np.random.Generator) -> None:
    rigid = coarser(*body(), len(made().vertices))
    _, *bent = posed(rng)
    worst = [
        np.mean([np.percentile(distances(full, full[lod.vertices], lod.faces), 99) for full in bent])
        for lod in (made(), rigid)
    ]
    assert worst[0] < 0.9 * worst[1]


def test_coarser_open_border_stays_in_place() -> None:
    vertices, faces = hand()
    lod = coarser(vertices, faces, 60)
    coarse = vertices[lod.vertices]
    found, count = edges(lod.faces)
    rim = found[count == 1]
    wrist = vertices[vertices[:, 2] < 0.005]
    assert 8 <= len(rim) < len(wrist)
    assert coarse[rim, 2].max() < 0.005
    start, end = coarse[rim[:, 0]], coarse[rim[:, 1]]
    share = ((wrist[:, None] - start) * (end - start)).sum(-1) / ((end - start) ** 2).sum(-1)
    nearest = start + np.clip(share, 0, 1)[..., None] * (end - start)
    assert np.linalg.norm(nearest - wrist[:, None], axis=-1).min(1).max() < 4e-3
    assert distances(vertices, coarse, lod.faces).max() < 4e-3


def test_coarser_flat_sheet_keeps_its_corners() -> None:
    """Inside it nothing tells one vertex from another: only the planes on the border do."""
    side = 9
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    vertices = np.stack([x, y, np.zeros_like(x)], -1).reshape(-1, 3).astype(np.float32)
    at = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    faces = np.concatenate(
        [np.stack([at, at + side, at + side + 1], 1), np.stack([at, at + side + 1, at + 1], 1)]
    ).astype(np.int32)
    lod = coarser(vertices, faces, 8)
    assert len(lod.vertices) == 8
    corners = vertices[lod.vertices][lod.faces].astype(np.float64)
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2
    assert (areas > 0).all()
    assert areas.sum() == (side - 1) ** 2


def test_lod_of_same_body_is_deterministic() -> None:
    again = lod_of(replace(open_body(), lod=None))
    np.testing.assert_array_equal(again.vertices, made().vertices)
    np.testing.assert_array_equal(again.faces, made().faces)


def test_lod_of_bundled_body_returns_the_stored_lod() -> None:
    stored = open_body().lod
    assert stored is not None
    assert lod_of(open_body()) is stored
    np.testing.assert_array_equal(stored.vertices, made().vertices)
    np.testing.assert_array_equal(stored.faces, made().faces)
    assert (stored.vertices.shape, stored.faces.shape) == ((1722,), (3440, 3))


def test_lod_of_small_body_keeps_400_vertices_or_all() -> None:
    vertices, faces = hand()
    one = np.ones((len(vertices), 1), np.float32)
    of_a_hand = replace(open_body(), v_template=vertices, faces=faces, weights=one, lod=None)
    assert len(lod_of(of_a_hand).vertices) == 400
    vertices, faces = hand(12, 20)
    of_a_finger = replace(of_a_hand, v_template=vertices, faces=faces, weights=one[: len(vertices)])
    np.testing.assert_array_equal(lod_of(of_a_finger).faces, faces)


TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [5, 5, 5]], np.float32)


@pytest.mark.parametrize(
    ("config", "count"), [(LodConfig(share=2, fewest=30), 90), (LodConfig(fewest=30), 45), (LodConfig(fewest=60), 60)]
)
def test_lod_of_config_sets_the_number_of_vertices(config: LodConfig, count: int) -> None:
    vertices, faces = hand(12, 15)
    assert len(vertices) == 181
    weights = np.ones((len(vertices), 1), np.float32)
    small = replace(open_body(), v_template=vertices, faces=faces, weights=weights, lod=None)
    assert len(lod_of(small, config).vertices) == count


@pytest.mark.parametrize("faces", [TETRAHEDRON, TETRAHEDRON[:1]], ids=["tetrahedron", "triangle"])
def test_coarser_without_an_allowed_collapse_keeps_the_mesh(faces: np.ndarray) -> None:
    lod = coarser(CORNERS, faces, 1)
    np.testing.assert_array_equal(lod.vertices[lod.faces], faces)


def test_coarser_keeps_two_borders_apart() -> None:
    vertices, faces = cuff(8)
    lod = coarser(vertices, faces, 1)
    found, count = edges(lod.faces)
    assert len(lod.vertices) > 6
    assert (np.unique(found[count == 1], return_counts=True)[1] == 2).all()


def test_coarser_edge_with_three_faces_keeps_its_vertices() -> None:
    long, wide = 8, 5
    grid = np.stack(np.meshgrid(np.arange(long), np.arange(wide), indexing="ij"), -1).reshape(-1, 2)
    angles = np.arange(3) * 2 * np.pi / 3
    sheets = np.concatenate(
        [np.stack([grid[:, 1] * np.cos(a), grid[:, 1] * np.sin(a), grid[:, 0]], -1) for a in angles]
    )
    at = np.array([x * wide + y for x in range(long - 1) for y in range(wide - 1)])
    sheet = np.concatenate([np.stack([at, at + 1, at + wide], 1), np.stack([at + 1, at + wide + 1, at + wide], 1)])
    faces = np.concatenate([sheet + k * len(grid) for k in range(3)])
    axis = np.arange(long) * wide
    for k in (1, 2):  # the sheets share the vertices of their common edge
        faces = np.where(np.isin(faces, axis + k * len(grid)), faces - k * len(grid), faces)
    lod = coarser(sheets.astype(np.float32), faces.astype(np.int32), 1)
    assert set(axis) <= set(lod.vertices)
    assert len(lod.vertices) < 30
    assert edges(lod.faces)[1].max() == 3


def test_coarser_removes_degenerate_faces_and_unused_vertices() -> None:
    lod = coarser(CORNERS, np.concatenate([TETRAHEDRON, [[4, 4, 5]]]).astype(np.int32), 100)
    assert lod.vertices.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(lod.faces, TETRAHEDRON)


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (CORNERS * np.nan, TETRAHEDRON, "its vertices are not finite numbers of shape (V, 3)"),
        (CORNERS[:, :2], TETRAHEDRON, "its vertices are not finite numbers of shape (V, 3)"),
        (CORNERS, TETRAHEDRON[:, :2], "its faces are not of shape (F, 3)"),
        (CORNERS, TETRAHEDRON + 3, "its faces name vertices beyond the 6 it has"),
        (CORNERS, TETRAHEDRON - 1, "its faces name vertices beyond the 6 it has"),
        (CORNERS, TETRAHEDRON[:0], "no face has three different corners"),
        (CORNERS, np.full((4, 3), 2, np.int32), "no face has three different corners"),
    ],
)
def test_coarser_invalid_mesh_raises(vertices: np.ndarray, faces: np.ndarray, message: str) -> None:
    with pytest.raises(ModelError) as refusal:
        coarser(vertices, faces, 2)
    assert str(refusal.value) == f"mesh: cannot be simplified, as {message}"


def test_coarser_random_triangles_returns_valid_mesh() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(4, 40))
        vertices = rng.normal(size=(count, 3)).round(seed % 2).astype(np.float32)
        lod = coarser(vertices, rng.integers(0, count, (3 * count, 3)).astype(np.int32), count // 4)
        np.testing.assert_array_equal(np.unique(lod.faces), np.arange(len(lod.vertices)))
        assert (np.diff(np.sort(lod.faces, 1), axis=1) > 0).all()
