"""COCO-DensePose made from a rendered person and charts of the open body."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from engines.body.body import open_body
from engines.body.face_parts import face_parts
from engines.errors import ModelError
from engines.training.augment import AugmentConfig, Augmenter
from engines.training.batch import collate, dense_keypoints
from engines.training.readers.coco_json import read_coco_json
from engines.training.readers.densepose import dense_points, read_charts
from tests.engines.training.readers.test_coco_json import table, written
from tests.support.rendered import rendered_people

BODY = open_body()
OTHER = replace(BODY, v_template=BODY.v_template * np.float32(1.00001))  # not the bundled body


def chart_arrays() -> dict[str, np.ndarray]:
    """The texture coordinates of the open body in the layout of UV_Processed.mat."""
    assert BODY.uv is not None
    vertices = np.zeros(len(BODY.uv.coordinates), np.int64)
    vertices[BODY.uv.faces] = BODY.faces
    return {
        "All_Faces": BODY.uv.faces.astype(np.int64) + 1,
        "All_FaceIndices": face_parts(BODY)[:, None].astype(np.int64) + 1,
        "All_U_norm": BODY.uv.coordinates[:, :1],
        "All_V_norm": BODY.uv.coordinates[:, 1:],
        "All_vertices": vertices[None] + 1,
    }


def annotated(folder: Path) -> dict[str, Any]:
    """A COCO file whose person has forty pixels of its IUV map as dense points, and two that are unusable."""
    sample, content = rendered_people()[0], table(folder)
    person = content["annotations"][0]
    rows, columns = (each[:40] for each in np.nonzero(sample.parts))
    box = person["bbox"]
    person["dp_x"] = [*((columns - box[0]) / box[2] * 255).tolist(), 0, 0]
    person["dp_y"] = [*((rows - box[1]) / box[3] * 255).tolist(), 0, 0]
    person["dp_I"] = [*sample.parts[rows, columns].tolist(), 99, 0]
    person["dp_U"], person["dp_V"] = ([*sample.uv[rows, columns, k].tolist(), 0, 0] for k in (0, 1))
    return content


def test_dense_points_are_on_the_surface_that_the_pixels_show(tmp_path: Path) -> None:
    np.savez(tmp_path / "charts.npz", **chart_arrays())
    charts = read_charts(tmp_path / "charts.npz", OTHER)
    sample = read_coco_json(written(tmp_path, annotated(tmp_path)), tmp_path, 72, charts)[0]
    assert sample.dense is not None
    assert sample.dense.shape == (40, 8)
    true = rendered_people()[0]
    corners = true.vertices[sample.dense[:, 2:5].astype(int)]
    place = (corners * sample.dense[:, 5:, None]).sum(1) + true.root
    pixels = (place / place[:, 2:] @ true.K.T)[:, :2] - [32, 27] + 35.5  # the crop moves the box's center to its middle
    np.testing.assert_allclose(sample.dense[:, :2], pixels, atol=0.6)
    found = dense_keypoints(collate([sample], len(BODY.v_template)), charts, 0)
    assert int(found.valid.sum()) == 40
    np.testing.assert_allclose(found.xy[0, :40], sample.dense[:, :2])
    flipped = Augmenter(BODY, AugmentConfig()).flipped(sample)
    assert flipped.dense is not None
    np.testing.assert_allclose(flipped.dense[:, 0], 71 - sample.dense[:, 0])


def test_charts_are_read_from_a_matlab_file(tmp_path: Path) -> None:
    from scipy.io import savemat

    savemat(tmp_path / "UV_Processed.mat", chart_arrays())
    charts = read_charts(tmp_path / "UV_Processed.mat", OTHER)
    assert charts(np.array([1]), np.array([[-9.0, -9.0]])).found.sum() == 0


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda a: a.pop("All_vertices"), "All_vertices is missing"),
        (lambda a: a.update(All_Faces=a["All_Faces"][:, :2]), r"All_Faces: \(13776, 2\)"),
        (lambda a: a.update(All_FaceIndices=np.ones(3)), "All_FaceIndices: 3 numbers; expected 13776"),
        (lambda a: a.update(All_vertices=a["All_vertices"] + 9999), "does not fit a body of 6890 vertices"),
        (lambda a: a.update(All_Faces=a["All_Faces"] + 9999), "All_Faces: names points"),
        (lambda a: a.update(All_U_norm=np.full((7598, 1), np.nan)), "All_U_norm: float64; expected finite numbers"),
    ],
)
def test_charts_with_an_odd_array_are_one_line(tmp_path: Path, change: Any, wrong: str) -> None:
    arrays = chart_arrays()
    change(arrays)
    np.savez(tmp_path / "charts.npz", **arrays)
    with pytest.raises(ModelError, match=wrong):
        read_charts(tmp_path / "charts.npz", OTHER)


def test_charts_of_another_kind_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="belong to the mesh of SMPL"):
        read_charts(tmp_path / "charts.npz", BODY)
    (tmp_path / "a.mat").write_bytes(b"MATLAB nothing")
    with pytest.raises(ModelError, match="not a MATLAB file"):
        read_charts(tmp_path / "a.mat", OTHER)


def test_annotation_with_lists_of_different_lengths_is_one_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "charts.npz", **chart_arrays())
    charts = read_charts(tmp_path / "charts.npz", OTHER)
    person = {"dp_x": [1, 2], "dp_y": [1], "dp_I": [1, 2], "dp_U": [0, 0], "dp_V": [0, 0]}
    with pytest.raises(ModelError, match=r"a\.dp_y: expected as many numbers as dp_x has"):
        dense_points("a", person, np.array([0, 0, 10, 10], np.float32), charts)
    assert dense_points("a", {}, np.zeros(4, np.float32), charts) is None
