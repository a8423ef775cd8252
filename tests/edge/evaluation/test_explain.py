"""Images and the mesh of an explanation."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

pytest.importorskip("torch")

from edge.evaluation.explain import (
    SHOWN_PX,
    UNSEEN,
    VIEW_PX,
    beside,
    heat,
    imagined_views,
    sensitivity_glb,
    vertex_colors,
)
from engines.body.body import open_body
from engines.training.methods.base import MethodConfig
from engines.training.methods.imphmr import ImphmrMethod
from tests.support.rendered import rendered_people

BODY = open_body()


def test_heat_is_brightest_where_the_error_is_largest() -> None:
    errors = np.zeros((5, 5), np.float32)
    errors[1, 3] = 80
    image = heat(np.zeros((32, 32, 3), np.uint8), errors)
    assert image.shape == (SHOWN_PX, 2 * SHOWN_PX, 3)
    red = image[: SHOWN_PX - 40, SHOWN_PX:, 0].astype(int)
    row, column = np.unravel_index(red.argmax(), red.shape)
    assert abs(row / SHOWN_PX - 0.3) < 0.12
    assert abs(column / SHOWN_PX - 0.7) < 0.12


def test_beside_shows_all_channels_of_a_map() -> None:
    attention = np.zeros((24, 4, 4), np.float32)
    attention[7] = 1
    image = beside(np.zeros((16, 16, 3), np.uint8), attention)
    cell = SHOWN_PX // 5
    lit = image[:, SHOWN_PX:].max(-1)
    assert lit[cell + cell // 2, 2 * cell + cell // 2] > 100
    assert lit[cell // 2, cell // 2] < 20


def test_vertex_colors_are_cold_to_warm_and_gray_where_unknown() -> None:
    colors = vertex_colors(np.array([0.0, 100.0, np.nan]), 0, 100)
    assert colors[2].tolist() == [*UNSEEN, 255]
    assert colors[0, 2] > colors[0, 0]
    assert colors[1, 0] > colors[1, 2]


def test_imagined_views_are_four_beside_the_image() -> None:
    trained = ImphmrMethod(BODY, MethodConfig("tiny"))
    trained.net.eval()
    image = imagined_views(trained, rendered_people()[0], 64, BODY)
    assert image.shape == (2 * VIEW_PX, 5 * VIEW_PX, 3)
    meshes = image[:VIEW_PX, VIEW_PX:].reshape(VIEW_PX, 4, VIEW_PX, 3).swapaxes(0, 1)
    assert all((mesh.max(-1) > 0).mean() > 0.02 for mesh in meshes)


def test_sensitivity_glb_has_a_colored_mesh_for_every_joint() -> None:
    errors = np.random.default_rng(0).random((6890, 24)) * 100
    data = sensitivity_glb(BODY, errors)
    assert data[:4] == b"glTF"
    assert struct.unpack("<I", data[8:12])[0] == len(data)
    (length,) = struct.unpack("<I", data[12:16])
    document = json.loads(data[20 : 20 + length])
    assert len(document["meshes"]) == 25
    assert [mesh["name"] for mesh in document["meshes"]][:2] == ["all joints", "pelvis"]
    color = document["accessors"][document["meshes"][3]["primitives"][0]["attributes"]["COLOR_0"]]
    assert (color["count"], color["type"], color["normalized"]) == (6890, "VEC4", True)
