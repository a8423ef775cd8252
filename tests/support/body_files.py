"""Model files of the SMPL family, made from the bundled body."""

from __future__ import annotations

import pickle
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from scipy import sparse

from engines.body.body import open_body
from engines.importing.body_file import JOINT_NAMES

DIRECTIONS = {"mano": 10, "smpl": 10, "smplh": 16, "smplx": 20}
Arrays = dict[str, Any]


def family_arrays(family: str, vertices: int = 500, directions: int | None = None, seed: int = 0) -> Arrays:
    """What a file of a family holds: evenly spaced vertices of the open body; fingers share the weights of a hand."""
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


FORMATS = {
    "npz": lambda path, arrays: write_npz(path.with_suffix(".npz"), arrays),
    "pkl": write_pkl,
    "chumpy pkl": lambda path, arrays: write_pkl(path, arrays, chumpy=True),
    "chumpy pkl, protocol 0": lambda path, arrays: write_pkl(path, arrays, 0, chumpy=True),
}


def lod(vertices: list[Any], faces: list[Any]) -> Arrays:
    return {"lod_vertices": np.array(vertices), "lod_faces": np.array(faces)}
