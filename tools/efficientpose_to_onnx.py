"""Convert an EfficientPose model from TensorFlow Lite to ONNX: a free batch axis, channels first, float16 weights.

OpenVINO reads the file and moves the layout to channels first; this program writes the graph down in ONNX, operator by
operator, and compares both on random images. The bundled engines/zoo/efficientpose_i.fp16w.onnx was made with

    python tools/efficientpose_to_onnx.py EfficientPoseI.tflite engines/zoo/efficientpose_i.fp16w.onnx
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import openvino as ov
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
OUTPUTS = {"upscaled": "upscaled_confs", "coarse": "pass3_detection2_confs"}
TOLERANCE = 1e-3  # of the output's range
SAME = {"Add": "Add", "Multiply": "Mul", "Sigmoid": "Sigmoid"}
MIN_HALF = 64  # numbers; smaller constants stay float32


class Converter:
    """One graph of OpenVINO, channels first and with batch size 1, as the nodes of an ONNX graph."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._names: dict[tuple[str, int], str] = {}
        self._constants: dict[str, Any] = {}
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def run(self, output: str) -> str:
        """Write down all operators; the name of the tensor of this output, given as a part of its name."""
        for operation in self._model.get_ordered_ops():
            kind = operation.get_type_name()
            if kind == "Result":
                continue
            values = [self._constant(value) for value in operation.input_values()]
            if kind == "Constant":
                self._constants[operation.get_friendly_name()] = operation.data
            elif kind != "Parameter" and operation.inputs() and all(value is not None for value in values):
                self._constants[operation.get_friendly_name()] = _fold(operation, values)
            else:
                self._emit(operation, kind, values)
        port = next(port for port in self._model.outputs if any(output in name for name in port.get_names()))
        return self._names[_key(port.get_node().input_value(0))]

    def _constant(self, value: Any) -> Any:
        return self._constants.get(value.get_node().get_friendly_name())

    def _emit(self, operation: Any, kind: str, values: list[Any]) -> None:
        name, attributes = operation.get_friendly_name(), operation.get_attributes()
        inputs = [
            self._names[_key(source)] if value is None else ""
            for source, value in zip(_sources(operation), values, strict=True)
        ]
        shape = list(operation.output(0).get_partial_shape().to_shape())
        if kind == "Parameter":
            result = "images"
        elif kind == "Transpose" and shape != [1, shape[1], 1, 1]:
            result = inputs[0]  # at the borders of the graph only, and both are dropped
        elif kind in ("Transpose", "Reshape"):
            result = inputs[0]  # of a mean over the image, which keeps its dimensions here
        elif kind == "ReduceMean":
            result = self._node("GlobalAveragePool", inputs[:1], name)
        elif kind in SAME:
            given = [source or self._weight(value, f"{name}_c") for source, value in zip(inputs, values, strict=True)]
            result = self._node(SAME[kind], given, name)
        elif kind == "Concat":
            result = self._node("Concat", inputs, name, axis=attributes["axis"])
        elif kind in ("Convolution", "GroupConvolution", "ConvolutionBackpropData"):
            weight, group = values[1], 1
            if kind == "GroupConvolution":
                group = weight.shape[0]
                weight = weight.reshape(-1, *weight.shape[2:])
            result = self._node(
                "ConvTranspose" if kind == "ConvolutionBackpropData" else "Conv",
                [inputs[0], self._weight(weight, f"{name}_w")],
                name,
                strides=attributes["strides"],
                pads=[*attributes["pads_begin"], *attributes["pads_end"]],
                group=group,
            )
        elif kind == "AvgPool":
            result = self._node(
                "AveragePool",
                inputs,
                name,
                kernel_shape=attributes["kernel"],
                strides=attributes["strides"],
                pads=[*attributes["pads_begin"], *attributes["pads_end"]],
                count_include_pad=int(not attributes["exclude-pad"]),
            )
        else:
            raise SystemExit(f"{name}: unknown operator {kind}")
        self._names[_key(operation.output(0))] = result

    def _node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def _weight(self, value: Any, name: str) -> str:
        """A constant, stored as float16 with a Cast behind it where that saves something."""
        value = np.ascontiguousarray(value, np.float32)
        if value.size < MIN_HALF:
            self.weights.append(numpy_helper.from_array(value, name))
            return name
        self.weights.append(numpy_helper.from_array(value.astype(np.float16), f"{name}_half"))
        return self._node("Cast", [f"{name}_half"], name, to=TensorProto.FLOAT)


def _sources(operation: Any) -> list[Any]:
    return [value.get_source_output() for value in operation.inputs()]


def _key(output: Any) -> tuple[str, int]:
    return output.get_node().get_friendly_name(), output.get_index()


def _fold(operation: Any, values: list[Any]) -> Any:
    """The value of an operator whose inputs are all constants."""
    kind = operation.get_type_name()
    if kind == "Convert":
        return values[0].astype(operation.output(0).get_element_type().to_dtype())
    if kind == "Transpose":
        return values[0].transpose(values[1])
    return values[0].reshape(tuple(operation.output(0).get_partial_shape().to_shape()))


def convert(source: Path, output: str) -> Any:
    """The ONNX model of a TensorFlow Lite file."""
    model = ov.Core().read_model(str(source))
    converter = Converter(model)
    result = converter.run(OUTPUTS[output])
    side = model.input(0).get_shape()[1]
    keypoints = 16
    converter.nodes.append(helper.make_node("Identity", [result], ["heatmaps"], "heatmaps"))
    graph = helper.make_graph(
        converter.nodes,
        source.stem,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, side, side])],
        [helper.make_tensor_value_info("heatmaps", TensorProto.FLOAT, ["N", keypoints, "h", "w"])],
        converter.weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="meshcast")
    _drop_unused(made.graph)
    onnx.checker.check_model(made, full_check=True)
    return made


def _drop_unused(graph: Any) -> None:
    needed, kept = {entry.name for entry in graph.output}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    weights = [entry for entry in graph.initializer if entry.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(weights)


def difference(source: Path, made: Any, output: str) -> float:
    """The largest difference of both models on two random images, over the range of the output."""
    images = np.random.default_rng(0).normal(0, 1, (2, 3, *[d.dim_value for d in _side(made)])).astype(np.float32)
    compiled = ov.Core().compile_model(str(source), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    name = next(port for port in compiled.outputs if any(OUTPUTS[output] in n for n in port.get_names()))
    expected = np.concatenate([compiled(image.transpose(1, 2, 0)[None])[name] for image in images])
    session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    got = session.run(None, {"images": images})[0].transpose(0, 2, 3, 1)
    return float(np.abs(got - expected).max() / np.ptp(expected))


def _side(made: Any) -> Any:
    return made.graph.input[0].type.tensor_type.shape.dim[2:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, metavar="IN.tflite")
    parser.add_argument("target", type=Path, metavar="OUT.onnx")
    parser.add_argument("--output", choices=tuple(OUTPUTS), default="coarse", help="heatmaps of which size")
    arguments = parser.parse_args()
    made = convert(arguments.source, arguments.output)
    off = difference(arguments.source, made, arguments.output)
    sys.stdout.write(f"largest difference {off:.2g} of the output's range\n")
    if off > TOLERANCE:
        raise SystemExit(f"{arguments.source}: the ONNX model differs from it")
    arguments.target.write_bytes(made.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
