"""Exports trained weights: ONNX file, upsampling table, body and card."""

from __future__ import annotations

import hashlib
import io
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tomli_w
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engines.cards.names import checked_name
from engines.errors import ModelError
from engines.files.atomic import write_atomically
from engines.networks.pose2mesh_open import OpenPose2Mesh
from engines.onnx_tools.packed_model import pack

OPSET = 17
OUTPUTS = ("points", "coarse", "sigma", "contacts", "state")
HALVE_FROM = 1024  # elements from which a weight is stored as float16
NO_LICENSE = "unspecified; see training data"
SOURCE = "trained with meshcast train pose2mesh"
TITLE = "Pose2Mesh: lifter and coarse graph network, trained on synthetic 2D poses"
SHOWN_SOURCES = 12


@dataclass(frozen=True, slots=True)
class About:
    """The name, license and notes (training data and metrics) of a model's card."""

    name: str
    license: str
    notes: str


@dataclass(frozen=True, slots=True)
class MeshFiles:
    """The files beside the network: the upsampling, indices (V, K) int32 and values (V, K) float32 over `columns`
    coarse vertices, and the body's file with its name."""

    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    columns: int
    body_name: str
    body: bytes

    def table(self) -> bytes:
        """The upsampling as an `.npz` file."""
        file = io.BytesIO()
        np.savez_compressed(file, indices=self.indices, values=self.values, columns=np.int32(self.columns))
        return file.getvalue()


def notes_on(poses: dict[str, int], metrics: dict[str, float]) -> str:
    """The notes of a card: the sources of the poses, and the metrics on held-out ones."""
    named = [f"{name} ({count} poses)" for name, count in list(poses.items())[:SHOWN_SOURCES]]
    more = f" and {len(poses) - SHOWN_SOURCES} more" if len(poses) > SHOWN_SOURCES else ""
    errors = ", ".join(f"{key.removesuffix('_mm').replace('_', ' ')} {value:.1f}" for key, value in metrics.items())
    return (
        f"Trained on synthetic people in poses of {', '.join(named)}{more}. Errors on held-out poses in mm: {errors}."
    )


def export_model(net: OpenPose2Mesh, files: MeshFiles, about: About, out: Path) -> Path:
    """Writes NAME.onnx, NAME.upsampling.npz, the body's file and, last, NAME.toml into `out`; returns the card's path.

    Large weights are stored as float16 and cast back in the graph: half the file size, float32 arithmetic.
    """
    checked_name(about.name)
    table = files.table()
    card: dict[str, Any] = {
        "name": about.name,
        "task": "mesh",
        "family": "pose2mesh_open",
        "title": TITLE,
        "license": about.license,
        "license_files": [],
        "source": SOURCE,
        "notes": about.notes,
        "body": files.body_name,
        "auto": ["fp32"],
        "input": {"name": "features", "shape": ["N", net.inputs]},
    }
    model = pack(_onnx_model(net), card, {"upsampling": table, "body": files.body})
    sha256 = hashlib.sha256(model).hexdigest()
    card["variants"] = {"fp32": {"file": f"{about.name}.onnx", "sha256": sha256}}
    path = out / f"{about.name}.toml"
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(path.with_suffix(".onnx"), model)
        write_atomically(path.with_suffix(".upsampling.npz"), table)
        write_atomically(out / files.body_name, files.body)
        write_atomically(path, tomli_w.dumps(card).encode())
    except OSError as error:
        raise ModelError(f"{out}: cannot be written ({error.strerror}); the checkpoints in it are kept") from None
    return path


def _onnx_model(net: OpenPose2Mesh) -> bytes:
    net.eval()
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # the tracer warns about every shape that it treats as constant
        model = Path(folder) / "model.onnx"
        torch.onnx.export(
            net,
            (torch.zeros(2, net.inputs),),
            str(model),
            input_names=["features"],
            output_names=list(OUTPUTS),
            dynamic_axes={key: {0: "N"} for key in ("features", *OUTPUTS)},
            opset_version=OPSET,
            dynamo=False,
        )
        graph = halve_weights(onnx.load(str(model)))
    onnx.checker.check_model(graph, full_check=True)
    data: bytes = graph.SerializeToString()
    return data


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Stores the large float32 initializers of `model` as float16 with a Cast."""
    graph = model.graph
    kept, casts = [], []
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= HALVE_FROM:
            half = numpy_helper.to_array(tensor).astype(np.float16)
            kept.append(numpy_helper.from_array(half, tensor.name + "_half"))
            casts.append(helper.make_node("Cast", [tensor.name + "_half"], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(tensor)
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return model
