"""Model files of the SMPL family, made from the bundled body in both formats: read, saved, posed like smplx."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from engines.body.body import Body, SurfaceBody, load_body, open_body
from engines.errors import ModelError
from engines.importing.body_file import JOINT_NAMES, body_bytes, read_body, save_body
from meshcast.protocol.body import Lod
from meshcast.protocol.rotations import rotmat
from tests.support.body_files import FORMATS, Arrays, family_arrays, small_arrays, write_npz


def posed_by_smplx(
    family: str, arrays: Arrays, rotvec: np.ndarray, shape: np.ndarray, folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and joints of the smplx package, flat hands and no PCA; SMPL-X's shape ends with 10 of the face."""
    torch = pytest.importorskip("torch")
    smplx = pytest.importorskip("smplx")
    from smplx.body_models import VERTEX_IDS
    from smplx.utils import Struct

    hands = {
        f"hands_{word}{side}": np.zeros(size)
        for side in ("", "l", "r")
        for word, size in (("components", (45, 45)), ("mean", 45))
    }
    face = {"lmk_faces_idx": np.zeros(51, np.int64), "lmk_bary_coords": np.full((51, 3), 1 / 3)}
    options: Arrays = {"batch_size": len(shape)}
    if family == "smplx":  # reads a file, whatever it is given
        np.savez(folder / "peer.npz", **arrays, **hands, **face)
    else:
        options["data_struct"] = Struct(**arrays, **hands)
    if family != "smpl":
        options |= {"flat_hand_mean": True, "use_pca": False}
    made = {"smpl": smplx.SMPL, "smplh": smplx.SMPLH, "smplx": smplx.SMPLX, "mano": smplx.MANO}[family]
    betas = shape.shape[1] - (10 if family == "smplx" else 0)
    # Landmarks that smplx adds to the joints: these small bodies do not have its vertices.
    with patch.dict(VERTEX_IDS, {name: dict.fromkeys(ids, 0) for name, ids in VERTEX_IDS.items()}):
        model = made(str(folder / "peer.npz"), num_betas=betas, **options)
    parts = {
        "smpl": {"global_orient": (0, 1), "body_pose": (1, 24)},
        "smplh": {
            "global_orient": (0, 1),
            "body_pose": (1, 22),
            "left_hand_pose": (22, 37),
            "right_hand_pose": (37, 52),
        },
        "smplx": {
            "global_orient": (0, 1),
            "body_pose": (1, 22),
            "jaw_pose": (22, 23),
            "leye_pose": (23, 24),
            "reye_pose": (24, 25),
            "left_hand_pose": (25, 40),
            "right_hand_pose": (40, 55),
        },
        "mano": {"global_orient": (0, 1), "hand_pose": (1, 16)},
    }[family]
    given = {name: torch.from_numpy(rotvec[:, a:b].reshape(len(rotvec), -1)) for name, (a, b) in parts.items()}
    given["betas"] = torch.from_numpy(shape[:, :betas])
    if family == "smplx":
        given["expression"] = torch.from_numpy(shape[:, betas:])
    with torch.no_grad():
        out = model(**given)
    return out.vertices.numpy(), out.joints.numpy()[:, : len(JOINT_NAMES[family])]


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("family", JOINT_NAMES)
def test_read_body_each_family_poses_like_smplx(
    tmp_path: Path, rng: np.random.Generator, family: str, write: Any
) -> None:
    arrays = family_arrays(family)
    body = read_body(write(tmp_path / "model.pkl", arrays))
    assert (body.family, body.name, body.joint_names) == (family, "model", JOINT_NAMES[family])
    rotvec = rng.normal(0, 0.6, (3, len(body.parents), 3)).astype(np.float32)
    shape = rng.normal(0, 1.5, (3, 20 if family == "smplx" else 10)).astype(np.float32)
    vertices, joints = body.skin(rotmat(rotvec), shape)
    expected, expected_joints = posed_by_smplx(family, arrays, rotvec, shape, tmp_path)
    np.testing.assert_allclose(vertices, expected, atol=1e-5)
    np.testing.assert_allclose(joints, expected_joints, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "directions", "betas", "expressions", "kept", "of_the_face"),
    [
        ("smpl", 300, 10, 10, range(10), 0),
        ("smpl", 300, None, 10, range(300), 0),
        ("smpl", 10, 300, 10, range(10), 0),
        ("smplh", 16, 16, 10, range(16), 0),
        ("smplx", 400, 10, 10, [*range(10), *range(300, 310)], 10),
        ("smplx", 400, 300, 100, range(400), 100),
        ("smplx", 400, None, None, range(400), 100),
        ("smplx", 400, 16, 0, range(16), 0),
        ("smplx", 20, 10, 10, range(20), 10),
        ("smplx", 20, None, 5, range(15), 5),
        ("smplx", 10, 10, 10, range(10), 0),
    ],
)
def test_read_body_betas_and_expressions_select_shape_directions(
    tmp_path: Path,
    family: str,
    directions: int,
    betas: int | None,
    expressions: int | None,
    kept: Any,
    of_the_face: int,
) -> None:
    arrays = family_arrays(family, 20, directions)
    body = read_body(write_npz(tmp_path / "m.npz", arrays), betas, expressions)
    np.testing.assert_array_equal(body.shape_dirs, arrays["shapedirs"][:, :, list(kept)].astype(np.float32))
    assert body.expressions == of_the_face


def test_read_body_400_expression_layout_poses_like_smplx(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = family_arrays("smplx", 100, 400)
    body = read_body(write_npz(tmp_path / "m.npz", arrays), betas=16)
    rotvec = rng.normal(0, 0.6, (2, 55, 3)).astype(np.float32)
    shape = rng.normal(0, 1, (2, 26)).astype(np.float32)
    expected, _ = posed_by_smplx("smplx", arrays, rotvec, shape, tmp_path)
    np.testing.assert_allclose(body.skin(rotmat(rotvec), shape)[0], expected, atol=1e-5)


def test_read_body_texture_coordinates_are_read(tmp_path: Path) -> None:
    arrays = small_arrays()
    uv = {"vt": np.random.default_rng(0).random((30, 2)), "ft": np.arange(2400).reshape(800, 3) % 30}
    body = read_body(write_npz(tmp_path / "m.npz", {**arrays, **uv}))
    assert body.uv is not None
    np.testing.assert_array_equal(body.uv.faces, uv["ft"])
    assert read_body(write_npz(tmp_path / "n.npz", arrays)).uv is None


def test_read_body_without_pose_blend_shapes_has_none(tmp_path: Path) -> None:
    arrays = {key: value for key, value in small_arrays().items() if key != "posedirs"}
    assert read_body(write_npz(tmp_path / "m.npz", arrays)).pose_dirs is None


@pytest.mark.parametrize("family", JOINT_NAMES)
def test_save_body_loaded_again_is_equal(tmp_path: Path, family: str) -> None:
    body = read_body(write_npz(tmp_path / "m.npz", family_arrays(family, 50)))
    save_body(body, tmp_path / "copy.npz")
    loaded = load_body(tmp_path / "copy.npz")
    assert type(loaded) is Body
    same_fields(body, loaded, {"name"})
    assert loaded.name == "copy"
    assert body_bytes(loaded) == (tmp_path / "copy.npz").read_bytes()


def test_save_body_lod_is_stored_and_read(tmp_path: Path) -> None:
    body = read_body(write_npz(tmp_path / "m.npz", small_arrays()))
    assert body.lod is None
    lod = Lod(np.array([1, 4, 5, 11], np.int32), np.array([[0, 1, 2], [2, 3, 0]], np.int32))
    save_body(replace(body, lod=lod), tmp_path / "m.npz")
    for read in (load_body, read_body):
        same_fields(read(tmp_path / "m.npz"), replace(body, lod=lod), set())


def test_save_body_bundled_body_loaded_again_is_equal(tmp_path: Path) -> None:
    save_body(open_body(), tmp_path / "open_smpl_body.npz")
    loaded = load_body(tmp_path / "open_smpl_body.npz")
    assert type(loaded) is SurfaceBody
    same_fields(open_body(), loaded, set())


def same_fields(a: Body, b: Body, but: set[str]) -> None:
    for name in {*Body.__slots__, *type(a).__slots__} - but - {"uv", "lod"}:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert (a.uv is None) == (b.uv is None)
    if a.uv is not None and b.uv is not None:
        np.testing.assert_array_equal(a.uv.coordinates, b.uv.coordinates)
        np.testing.assert_array_equal(a.uv.faces, b.uv.faces)
    assert (a.lod is None) == (b.lod is None)
    if a.lod is not None and b.lod is not None:
        np.testing.assert_array_equal(a.lod.vertices, b.lod.vertices)
        np.testing.assert_array_equal(a.lod.faces, b.lod.faces)


def test_save_body_unwritable_path_raises_and_leaves_no_file(tmp_path: Path) -> None:
    body = read_body(write_npz(tmp_path / "m.npz", small_arrays()))
    with pytest.raises(ModelError, match=r"copy\.npz: cannot be written: "):
        save_body(body, tmp_path / "none" / "copy.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ModelError, match=r"folder\.npz: cannot be written: "):
        save_body(body, tmp_path / "folder.npz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.npz", "m.npz"]
