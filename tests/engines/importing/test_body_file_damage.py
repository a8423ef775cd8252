"""Damaged and malicious model files of the SMPL family."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.body.body import load_body
from engines.errors import ModelError
from engines.importing.body_file import body_bytes, read_body
from meshcast.protocol.rotations import rotmat
from tests.support.body_files import FORMATS, Arrays, lod, small_arrays, write_npz, write_pkl


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
