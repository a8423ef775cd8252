"""From trained weights to the files that the runtime reads: ONNX, upsampling table and card."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from engines.networks.pose2mesh_open import OpenPose2Mesh

OPSET = 17
HALVE_FROM = 1024  # weights with at least this many elements are stored as float16

CARD = """\
name = "{name}"
task = "mesh"
family = "pose2mesh_open"
title = "Pose2Mesh for the open body: lifter and coarse graph network, trained on synthetic 2D poses"
licence = "Apache-2.0"
licence_files = []
source = "trained by this project: meshcast train pose2mesh, see docs/models.md"
notes = "The pose data used in this project was obtained from mocap.cs.cmu.edu (NSF EIA-0196217) and procedural poses."
body = "open_smpl_body.npz"
auto = ["fp32"]

[input]
name = "features"
shape = ["N", {features}]

[variants.fp32]
file = "{name}.onnx"
sha256 = "{sha256}"
"""


def ship(
    net: OpenPose2Mesh, features: int, upsampling: tuple[np.ndarray, np.ndarray], columns: int, name: str, out: Path
) -> Path:
    """Write NAME.onnx, NAME.upsampling.npz and NAME.toml into `out`; returns the card's path.

    Large weights are stored as float16 and cast back in the graph: half the file, float32 arithmetic.
    """
    out.mkdir(parents=True, exist_ok=True)
    net.eval()
    model = out / f"{name}.onnx"
    torch.onnx.export(
        net,
        (torch.zeros(2, features),),
        str(model),
        input_names=["features"],
        output_names=["points", "coarse"],
        dynamic_axes={key: {0: "N"} for key in ("features", "points", "coarse")},
        opset_version=OPSET,
        dynamo=False,
    )
    graph = halve_weights(onnx.load(str(model)))
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, str(model))
    indices, values = upsampling
    np.savez(out / f"{name}.upsampling.npz", indices=indices, values=values, columns=np.int32(columns))
    card = out / f"{name}.toml"
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    card.write_text(CARD.format(name=name, features=features, sha256=digest))
    return card


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store the large float32 initializers of `model` as float16 behind a Cast; small ones stay."""
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
