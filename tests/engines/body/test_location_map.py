"""Location maps against golden arrays of the published implementation."""

import numpy as np
import pytest

from engines.body.body import open_body
from engines.body.location_map import build
from engines.errors import ModelError

SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]])


@pytest.fixture(scope="module")
def golden(goldens):
    return goldens.outputs("decomr_uv")


@pytest.fixture(scope="module")
def location_map(golden):
    size = golden["mask"].shape
    # The outputs were made from an .obj file with six decimals; the stored array has more.
    coordinates = np.round(golden["obj_texcoords"].astype(np.float64), 6)
    return build(coordinates, golden["obj_faces_v"], golden["obj_faces_vt"], len(golden["obj_vertices"]), size)


def test_location_map_texels_equal_golden(location_map, golden):
    np.testing.assert_array_equal(location_map.vertex_index, golden["v_index"])
    np.testing.assert_allclose(location_map.vertex_weights, golden["bary_weights"], rtol=0, atol=2e-6)
    np.testing.assert_array_equal(location_map.mask, golden["mask"])


def test_location_map_vertex_copies_equal_golden(location_map, golden):
    np.testing.assert_array_equal(location_map.vertex_of, golden["vt2v"])
    np.testing.assert_array_equal(np.bincount(location_map.vertex_of), golden["vt_count"])


def test_to_map_golden_mesh_equals_golden_map(location_map, golden, goldens):
    goldens.compare(location_map.to_map(golden["verts"]), golden, "uv_map")


@pytest.mark.parametrize(("maps", "meshes"), [("uv_map", "resampled"), ("random_map", "random_map_resampled")])
def test_to_mesh_golden_map_equals_golden_mesh(location_map, golden, goldens, maps, meshes):
    goldens.compare(location_map.to_mesh(golden[maps]), golden, meshes)


def test_location_map_no_people_returns_empty_arrays(location_map):
    assert location_map.to_map(np.empty((0, 56, 3), np.float32)).shape == (0, 24, 24, 3)
    assert location_map.to_mesh(np.empty((0, 24, 24, 3), np.float32)).shape == (0, 56, 3)


def test_to_mesh_point_on_the_map_border_samples_the_border_texel():
    """No share of a point on the last row or column falls outside."""
    maps = np.random.default_rng(1).standard_normal((1, 5, 7, 3)).astype(np.float32)
    sampled = build(SQUARE, HALVES, HALVES, 4, (5, 7)).to_mesh(maps)
    np.testing.assert_array_equal(sampled[0], maps[0, [0, 0, -1, -1], [0, -1, -1, 0]])


def test_build_overlapping_faces_keeps_the_first():
    twice = np.concatenate([HALVES, HALVES[:, ::-1]])
    uv_twice = np.concatenate([HALVES, HALVES[:, ::-1] + 4])
    coordinates = np.concatenate([SQUARE, SQUARE])
    once = build(SQUARE, HALVES, HALVES, 4, (9, 9))
    again = build(coordinates, twice, uv_twice, 4, (9, 9))
    np.testing.assert_array_equal(again.vertex_index, once.vertex_index)
    np.testing.assert_array_equal(again.vertex_weights, once.vertex_weights)


def test_build_degenerate_triangle_covers_its_vertices_only():
    coordinates = np.array([[0.5, 0], [0.5, 0.5], [0.5, 1]], np.float32)
    flat = build(coordinates, HALVES[:1], HALVES[:1], 3, (3, 3))
    np.testing.assert_array_equal(flat.mask, [[0, 1, 0]] * 3)
    np.testing.assert_array_equal(flat.vertex_index[:, 1, 0], [0, 1, 2])


def test_location_map_round_trip_keeps_vertices_within_2_mm():
    body = open_body()
    vertices = body.v_template[None]
    maps = build(body.uv.coordinates, body.faces, body.uv.faces, len(body.v_template), (256, 256))
    error = np.linalg.norm(maps.to_mesh(maps.to_map(vertices)) - vertices, axis=-1)
    assert np.median(error) < 0.002


def test_build_unused_uv_vertex_is_ignored():
    spare = np.concatenate([SQUARE, [[0.3, 0.3]]]).astype(np.float32)
    vertices = np.random.default_rng(1).standard_normal((2, 4, 3)).astype(np.float32)
    with_spare, without = (build(uv, HALVES, HALVES, 4, (6, 6)) for uv in (spare, SQUARE))
    np.testing.assert_array_equal(with_spare.to_map(vertices), without.to_map(vertices))
    maps = without.to_map(vertices)
    np.testing.assert_array_equal(with_spare.to_mesh(maps), without.to_mesh(maps))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coordinates": SQUARE * 2}, "within 0 and 1"),
        ({"coordinates": SQUARE.ravel()}, r"\(T, 2\), not \(8,\)"),
        ({"coordinates": SQUARE * np.nan}, "within 0 and 1"),
        ({"faces": HALVES[:1]}, r"faces \(1, 3\) and UV faces \(2, 3\)"),
        ({"faces": HALVES + 1}, "faces name vertices 1 to 4, there are 4"),
        ({"uv_faces": HALVES + 1}, "UV faces name vertices 1 to 4, there are 4"),
        ({"faces": np.array([[0, 1, 2], [1, 2, 3]])}, "several vertices"),
        ({"vertex_count": 6}, "2 of 6 vertices are on no face, the first is 4"),
        ({"size": (1, 8)}, "1 x 8"),
    ],
)
def test_build_invalid_mesh_raises(change, message):
    good = {"coordinates": SQUARE, "faces": HALVES, "uv_faces": HALVES, "vertex_count": 4, "size": (8, 8)}
    with pytest.raises(ModelError, match=message):
        build(**good | change)
