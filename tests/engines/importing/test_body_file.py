"""Model files of the SMPL family, made from the open body in both formats: read, refused, saved, posed like smplx."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import re
import sys
import tracemalloc
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from scipy import sparse

from engines.body.body import Body, SurfaceBody, load_body, open_body
from engines.errors import ModelError
from engines.importing.body_file import JOINT_NAMES, body_bytes, read_body, save_body
from meshcast.protocol.body import Lod
from meshcast.protocol.rotations import rotmat

DIRECTIONS = {"mano": 10, "smpl": 10, "smplh": 16, "smplx": 20}
Arrays = dict[str, Any]


def family_arrays(family: str, vertices: int = 500, directions: int | None = None, seed: int = 0) -> Arrays:
    """What a file of a family holds: every so many vertices of the open body; fingers share the weights of a hand."""
    rng, body = np.random.default_rng(seed), open_body()
    keep = np.arange(0, len(body.v_template), len(body.v_template) // vertices)[:vertices]
    names, smpl = JOINT_NAMES[family], body.joint_names
    weights, parents = np.zeros((vertices, len(names))), np.zeros(len(names), np.int64)
    for joint, name in enumerate(names):
        side = name.split("_")[0] if name.split("_")[0] in ("left", "right") else "left"
        source = smpl.index(name) if name in smpl else smpl.index(f"{side}_hand")
        share = 1 if name in smpl else rng.dirichlet(np.ones(vertices)) * 20
        weights[:, joint] = body.weights[keep, source] * share + 1e-4
        if name in smpl:
            parents[joint] = body.parents[source]
        elif name[-1] in "23":
            parents[joint] = joint - 1
        else:
            wrist = (
                "wrist" if family == "mano" else "head" if name in ("jaw", "left_eye", "right_eye") else f"{side}_wrist"
            )
            parents[joint] = names.index(wrist)
    parents[0] = 2**32 - 1
    regressor = body.joint_regressor[[smpl.index(name) if name in smpl else 20 for name in names]][:, keep]
    regressor = regressor + rng.random(regressor.shape) * (rng.random(regressor.shape) < 0.05) + 1e-6
    return {
        "v_template": body.v_template[keep].astype(np.float64),
        "shapedirs": rng.normal(0, 0.01, (vertices, 3, directions or DIRECTIONS[family])),
        "posedirs": rng.normal(0, 0.003, (vertices, 3, 9 * (len(names) - 1))),
        "weights": weights / weights.sum(1, keepdims=True),
        "J_regressor": regressor / regressor.sum(1, keepdims=True),
        "kintree_table": np.stack([parents, np.arange(len(names))]),
        "f": rng.integers(0, vertices, (800, 3)).astype(np.uint32),
    }


def write_npz(path: Path, arrays: Arrays) -> Path:
    """As published: with an entry that holds pickled objects, which a body does not need."""
    np.savez(path, **arrays, part2num=np.array({"hand": 1}, dtype=object), bs_type=np.array("lrotmin"))
    return path


def write_pkl(path: Path, arrays: Arrays, protocol: int = 2, chumpy: bool = False) -> Path:
    """As published: a sparse regressor and, with chumpy, its arrays and views; chumpy is not there afterwards."""
    held: Arrays = {**arrays, "J_regressor": sparse.csc_matrix(arrays["J_regressor"]), "bs_type": "lrotmin"}
    if chumpy:
        names = {"Ch": "chumpy.ch", "Select": "chumpy.reordering", "add": "chumpy.ch_ops"}
        made = {name: type(name, (), {"__module__": module}) for name, module in names.items()}
        for name, module in names.items():
            sys.modules[module] = ModuleType(module)
            setattr(sys.modules[module], name, made[name])

        def node(kind: str, **state: Any) -> object:
            thing = made[kind]()
            thing.__dict__.update(state, _dirty_vars={"x"}, _itr=None, _make_dense=False)
            return thing

        dirs = arrays["shapedirs"]
        more = np.concatenate([dirs, dirs], 2)
        view = np.arange(more.size).reshape(more.shape)[:, :, : dirs.shape[2]]
        held["shapedirs"] = node("Select", a=node("Ch", x=more), idxs=view.ravel(), preferred_shape=view.shape)
        held |= {key: node("Ch", x=arrays[key]) for key in ("v_template", "weights", "posedirs")}
        held["v_posed"] = node("add", a=held["v_template"], b=1)
    sys.modules.setdefault("chumpy", ModuleType("chumpy"))
    data = pickle.dumps(held, protocol)
    for name in [name for name in sys.modules if name.split(".")[0] == "chumpy"]:
        del sys.modules[name]
    # The names of numpy 1 and older scipy, which made the published files.
    if protocol < 4:
        data = data.replace(b"numpy._core", b"numpy.core").replace(b"scipy.sparse._csc", b"scipy.sparse.csc")
    path.write_bytes(data)
    return path


@cache
def small_arrays() -> Arrays:
    return family_arrays("mano", vertices=12)


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


FORMATS = {
    "npz": lambda path, arrays: write_npz(path.with_suffix(".npz"), arrays),
    "pkl": write_pkl,
    "chumpy pkl": lambda path, arrays: write_pkl(path, arrays, chumpy=True),
    "chumpy pkl, protocol 0": lambda path, arrays: write_pkl(path, arrays, 0, chumpy=True),
}


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


def with_nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[5] = np.nan
    return array


def with_parents(*changes: tuple[int, int]) -> Any:
    def change(table: np.ndarray) -> np.ndarray:
        table = table.copy()
        for joint, parent in changes:
            table[0, joint] = parent
        return table

    return change


WRONG = [
    ("weights", lambda a: a[:-1], "weights is float64 of shape (11, 16); expected numbers of shape (12, 16)"),
    ("weights", lambda a: a[:, :-1], "weights is float64 of shape (12, 15); expected numbers of shape (12, 16)"),
    ("weights", lambda a: a * 0.5, "weights: a row is off by 0.5; expected rows that sum to 1"),
    ("v_template", lambda a: a[:, :2], "v_template is float64 of shape (12, 2); expected numbers of shape (V, 3)"),
    ("v_template", lambda a: a[:0], "v_template is float64 of shape (0, 3); expected numbers of shape (V, 3)"),
    ("v_template", with_nan, "v_template has values that are not finite"),
    ("v_template", lambda a: a * 1e300, "v_template has values that are not finite"),
    ("shapedirs", lambda a: a[:, :, 0], "shapedirs is float64 of shape (12, 3); expected numbers of shape (12, 3, B)"),
    (
        "shapedirs",
        lambda a: a[:, :, :0],
        "shapedirs is float64 of shape (12, 3, 0); expected numbers of shape (12, 3, B)",
    ),
    ("shapedirs", with_nan, "shapedirs has values that are not finite"),
    (
        "posedirs",
        lambda a: a[..., :-9],
        "posedirs is float64 of shape (12, 3, 126); expected numbers of shape (12, 3, 135)",
    ),
    ("posedirs", with_nan, "posedirs has values that are not finite"),
    ("J_regressor", lambda a: a.T, "J_regressor is float64 of shape (12, 16); expected numbers of shape (16, 12)"),
    ("J_regressor", with_nan, "J_regressor has values that are not finite"),
    ("f", lambda a: a + 1, "f goes from 1 to 12; expected 0 to 11"),
    ("f", lambda a: a.astype(np.int64) - 1, "f goes from -1 to 10; expected 0 to 11"),
    ("f", lambda a: a.astype(float), "f is float64 of shape (800, 3); expected integers of shape (F, 3)"),
    ("f", lambda a: a[:, :2], "f is uint32 of shape (800, 2); expected integers of shape (F, 3)"),
    ("kintree_table", lambda a: a[:1], "kintree_table is int64 of shape (1, 16); expected integers of shape (2, J)"),
    ("kintree_table", lambda a: a[:, :15], "kintree_table has 15 joints; expected one of 16 (mano), 24 (smpl), 52"),
    ("kintree_table", lambda a: np.array(3), "kintree_table has 0 joints; expected one of"),
    ("kintree_table", with_parents((3, 3)), "kintree_table is no tree"),
    ("kintree_table", with_parents((3, -1)), "kintree_table is no tree"),
    ("kintree_table", with_parents((3, 400)), "kintree_table is no tree"),
    ("kintree_table", lambda a: a[::-1], "kintree_table is no tree"),
    ("weights", None, "not a body model file: weights is missing"),
    ("kintree_table", None, "not a body model file: kintree_table is missing"),
    ("weights", lambda a: a.astype(str), "weights is <U32 of shape (12, 16); expected numbers"),
]


@pytest.mark.parametrize(("key", "change", "message"), WRONG)
@pytest.mark.parametrize("write", [FORMATS["npz"], FORMATS["pkl"]], ids=["npz", "pkl"])
def test_read_body_invalid_array_is_named_in_the_error(
    tmp_path: Path, write: Any, key: str, change: Any, message: str
) -> None:
    arrays = {k: v for k, v in small_arrays().items() if k != key or change is not None}
    if change is not None:
        arrays[key] = change(arrays[key])
    path = write(tmp_path / "model.pkl", arrays)
    with pytest.raises(ModelError, match=f"model.*: {re.escape(message)}") as refusal:
        read_body(path)
    assert "\n" not in str(refusal.value)


def lod(vertices: list[Any], faces: list[Any]) -> Arrays:
    return {"lod_vertices": np.array(vertices), "lod_faces": np.array(faces)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vt": np.zeros((5, 3)), "ft": np.zeros((800, 3), int)}, "vt is float64 of shape (5, 3)"),
        (
            {"vt": np.zeros((5, 2)), "ft": np.zeros((7, 3), int)},
            "ft is int64 of shape (7, 3); expected integers of shape (800",
        ),
        ({"vt": np.zeros((5, 2)), "ft": np.full((800, 3), 5)}, "ft goes from 5 to 5; expected 0 to 4"),
        (lod([3, 12], [[0, 1, 0]]), "lod_vertices goes from 3 to 12; expected 0 to 11"),
        (lod([3, 2, 5], [[0, 1, 2]]), "lod_vertices is not rising; expected every vertex once, in order"),
        (lod([3, 3, 5], [[0, 1, 2]]), "lod_vertices is not rising"),
        (lod([[3, 4, 5]], [[0, 1, 2]]), "lod_vertices is int64 of shape (1, 3); expected integers of shape (L)"),
        (lod([3, 4, 5], [[0, 1, 3]]), "lod_faces goes from 0 to 3; expected 0 to 2"),
        (lod([3, 4, 5], [0, 1, 2]), "lod_faces is int64 of shape (3); expected integers of shape (G, 3)"),
        ({"weights": np.array([{}] * 12, object)}, "weights holds Python objects; store its values as a plain array"),
    ],
)
def test_read_body_invalid_npz_array_is_named_in_the_error(tmp_path: Path, change: Arrays, message: str) -> None:
    path = write_npz(tmp_path / "m.npz", {**small_arrays(), **change})
    with pytest.raises(ModelError, match=re.escape(message)):
        read_body(path)


@pytest.mark.parametrize(
    "change", [{"expressions": np.array(11)}, {"joint_names": np.arange(16)}, {"f": np.full((1, 3), 12)}]
)
def test_load_body_invalid_array_is_named_in_the_error(tmp_path: Path, change: Arrays) -> None:
    body = read_body(write_npz(tmp_path / "m.npz", small_arrays()))
    arrays = {**np.load(io.BytesIO(body_bytes(body))), **change}
    np.savez(tmp_path / "copy.npz", **arrays)
    with pytest.raises(ModelError, match=f"copy.npz: {next(iter(change))} "):
        load_body(tmp_path / "copy.npz")


def test_read_body_chumpy_expression_in_needed_array_raises(tmp_path: Path) -> None:
    data = write_pkl(tmp_path / "m.pkl", small_arrays(), chumpy=True).read_bytes()
    (tmp_path / "m.pkl").write_bytes(data.replace(b"cchumpy.reordering\nSelect", b"cchumpy.ch\nMatVecMult"))
    with pytest.raises(ModelError, match=r"m\.pkl: shapedirs cannot be read as an array: it is chumpy\.ch\.MatVecMult"):
        read_body(tmp_path / "m.pkl")


def test_read_body_pickle_with_code_raises_without_executing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    data = write_pkl(tmp_path / "m.pkl", small_arrays()).read_bytes()
    attack = b"cos\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR0"  # run, then dropped
    (tmp_path / "m.pkl").write_bytes(data[:2] + attack + data[2:])
    with pytest.raises(ModelError, match=r"m\.pkl: refused: .* os\.system, .*no code was executed"):
        read_body(tmp_path / "m.pkl")
    assert not canary.exists()


@pytest.mark.parametrize("held", [[1, 2], "text", 3, {}, {"v_template": None}])
def test_read_body_other_pickle_raises(tmp_path: Path, held: object) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(held))
    with pytest.raises(ModelError, match=r"m\.pkl: not a body model file: "):
        read_body(tmp_path / "m.pkl")


def test_read_body_missing_file_folder_or_text_raises(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("SMPL models are found at another place.")
    for name, reason in (
        ("none.pkl", "cannot be read: No such"),
        (".", "cannot be read: "),
        ("readme.txt", "or damaged"),
    ):
        with pytest.raises(ModelError, match=reason):
            read_body(tmp_path / name)


def test_read_body_array_with_false_header_raises(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 3)})
    path = write_npz(tmp_path / "m.npz", {k: v for k, v in small_arrays().items() if k != "v_template"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("v_template.npy", header.getvalue() + bytes(24))
    assert refused_or_body(path)


def refused_or_body(path: Path) -> bool:
    """Whether a file is refused in one line, else it is a body that can be posed; never does it take much memory."""
    body, message = None, ""
    tracemalloc.start()
    try:
        body = read_body(path)
    except ModelError as refusal:
        message = str(refusal)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20e6
    assert "\n" not in message
    if body is not None:
        body.skin(rotmat(np.zeros((1, 16, 3))), np.zeros((1, body.shape_dirs.shape[2]), np.float32))
    return body is None


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_read_body_truncated_file_raises_or_is_valid(tmp_path: Path, rng: np.random.Generator, write: Any) -> None:
    path = write(tmp_path / "model.pkl", small_arrays())
    data = path.read_bytes()
    for length in [0, 1, 2, 30, len(data) - 1, *rng.integers(3, len(data) - 1, 30)]:
        path.write_bytes(data[:length])
        assert refused_or_body(path)


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_read_body_flipped_bits_raise_or_are_valid(tmp_path: Path, rng: np.random.Generator, write: Any) -> None:
    path = write(tmp_path / "model.pkl", small_arrays())
    data = path.read_bytes()
    zipped = zipfile.is_zipfile(path)
    # Half of the bits are in what tells the structure: opcodes and their arguments' lengths, or headers and directory.
    if zipped:
        starts = [match.start() + offset for match in re.finditer(b"PK|NUMPY", data) for offset in range(0, 60, 3)]
    else:
        starts = [position + offset for _, _, position in pickletools.genops(data) for offset in range(4)]
    places = [*rng.choice(starts, 60), *rng.integers(0, len(data), 60)]
    refused = 0
    for place in places:
        broken = bytearray(data)
        broken[min(place, len(data) - 1)] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        refused += refused_or_body(path)
    assert refused > 30


def test_read_body_pipe_raises_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.pkl")
    with pytest.raises(ModelError, match="not a regular file"):
        read_body(tmp_path / "model.pkl")
