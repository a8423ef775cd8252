"""Every operator with CUDA kernels can be captured in a CUDA graph: it gives what a call gives, on new inputs too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import edge_kernels
from edge_kernels import CsrMatrix, ExecutionPlan, GraphConv, Linear, Skinning, SkinningModel
from edge_kernels.reference.skinning import workspace_floats

Arrays = list[Any]


class Operator(NamedTuple):
    """Draws inputs, makes outputs, and calls with device arrays of both and a stream."""

    inputs: Callable[[np.random.Generator], list[np.ndarray]]
    outputs: list[np.ndarray]
    call: Callable[[Arrays, Arrays, int], None]


def f32(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(0, 1, shape).astype(np.float32)


def ell_matmul() -> Operator:
    def inputs(rng: np.random.Generator) -> list[np.ndarray]:
        return [rng.integers(0, 50, (300, 6)).astype(np.int32), f32(rng, 300, 6), f32(rng, 2, 50, 3)]

    return Operator(
        inputs,
        [np.zeros((2, 300, 3), np.float32)],
        lambda given, out, stream: edge_kernels.ell_matmul(*given, *out, stream=stream),
    )


def conv_layer(rows: int, channels: tuple[int, int], bf16: bool) -> GraphConv:
    rng = np.random.default_rng(3)
    indptr = (np.arange(rows + 1) * 5).astype(np.int32)
    indices = rng.integers(0, rows, 5 * rows).astype(np.int32)
    own = np.arange(rows, dtype=np.int32)
    hop = CsrMatrix(indptr, indices, f32(rng, 5 * rows))
    weight, bias = f32(rng, 3 * channels[0], channels[1]) * 0.1, f32(rng, channels[1])
    return GraphConv(own, hop, hop, weight, bias, rows, None, True, bf16, 0)


def graph_conv(bf16: bool) -> Operator:
    layer = conv_layer(400, (64, 128), bf16)
    kind = np.uint16 if bf16 else np.float32

    def inputs(rng: np.random.Generator) -> list[np.ndarray]:
        x = f32(rng, 400, 2, 64)
        return [(x.view(np.uint32) >> 16).astype(np.uint16) if bf16 else x]

    return Operator(
        inputs,
        [np.zeros((400, 2, 128), kind)],
        lambda given, out, stream: layer(given[0], None, out[0], stream),
    )


def linear() -> Operator:
    rng = np.random.default_rng(4)
    layer = Linear(f32(rng, 200, 96), f32(rng, 200), f32(rng, 96), f32(rng, 96), True, True, 0)
    return Operator(
        lambda rng: [f32(rng, 3, 96), f32(rng, 3, 200)],
        [np.zeros((3, 200), np.float32)],
        lambda given, out, stream: layer(*given, *out, stream),
    )


def plan() -> Operator:
    rows = 60
    layers = conv_layer(rows, (4, 64), True), conv_layer(rows, (64, 3), True)
    made = ExecutionPlan(4 * rows, 3 * rows, [(4 * rows, True), (64 * rows, True)], 4, 0)
    made.copy(0, 2, 4 * rows, None, (4, 4, 0))
    made.graph_conv(layers[0], 2, None, 3)
    made.graph_conv(layers[1], 3, None, 1, np.random.default_rng(5).permutation(rows).astype(np.int32))
    return Operator(
        lambda rng: [f32(rng, 3, rows, 4)],
        [np.zeros((3, rows, 3), np.float32)],
        lambda given, out, stream: made(*given, *out, stream),
    )


def image(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (90, 120, 3), np.uint8)


def crop() -> Operator:
    def inputs(rng: np.random.Generator) -> list[np.ndarray]:
        return [image(rng), rng.uniform(20, 80, (3, 2)).astype(np.float32), rng.uniform(0.3, 2, 3).astype(np.float32)]

    return Operator(
        inputs,
        [np.zeros((3, 3, 32, 24), np.float32)],
        lambda given, out, stream: edge_kernels.crop((1, 2, 3), (4, 5, 6), *given, *out, stream=stream),
    )


def letterbox() -> Operator:
    return Operator(
        lambda rng: [image(rng)],
        [np.zeros((1, 3, 48, 48), np.float32)],
        lambda given, out, stream: edge_kernels.letterbox(
            (0, 0, 0), (1, 1, 1), *given, *out, (0, 6, 48, 36), stream=stream
        ),
    )


def heatmap() -> Operator:
    return Operator(
        lambda rng: [f32(rng, 2, 5, 24, 18)],
        [np.zeros((2, 5, 2), np.float32), np.zeros((2, 5), np.float32)],
        lambda given, out, stream: edge_kernels.heatmap(*given, *out, "dark", 5, stream),
    )


def paint() -> Operator:
    """Both what a mask shows and what it hides, as an operator that changes its output in place gives no whole one."""

    def inputs(rng: np.random.Generator) -> list[np.ndarray]:
        mask = rng.integers(0, 2, (2, 9, 7)).astype(np.uint8)
        return [mask, 1 - mask, np.array([1, 0], np.int32)]

    def call(given: Arrays, out: Arrays, stream: int) -> None:
        shown, hidden, rows = given
        edge_kernels.paint((1.0, -2.0, 0.5), shown, rows, *out, stream=stream)
        edge_kernels.paint((0.0, 3.0, 4.0), hidden, rows, *out, stream=stream)

    return Operator(inputs, [np.zeros((2, 3, 9, 7), np.float32)], call)


def nms() -> Operator:
    def inputs(rng: np.random.Generator) -> list[np.ndarray]:
        low = rng.uniform(0, 50, (200, 2))
        boxes = np.concatenate([low, low + rng.uniform(1, 30, (200, 2))], 1).astype(np.float32)
        return [boxes, rng.random(200).astype(np.float32)]

    return Operator(
        inputs,
        [np.zeros(200, np.int32)],
        lambda given, out, stream: edge_kernels.nms(*given, *out, 0.5, stream),
    )


def skinning() -> Operator:
    rng = np.random.default_rng(6)
    weights = rng.random((300, 8)).astype(np.float32)
    body = Skinning(
        f32(rng, 300, 3),
        f32(rng, 300, 3, 4),
        f32(rng, 300, 3, 63),
        weights / weights.sum(1, keepdims=True),
        f32(rng, 8, 300),
        np.arange(-1, 7),
    )
    model = SkinningModel(*(device(constant) for constant in body.model))
    columns = workspace_floats(len(body.model.template), 8, 63, True)
    return Operator(
        lambda rng: [f32(rng, 5, 8, 3, 3), f32(rng, 5, 4), f32(rng, 5, 3)],
        [
            np.zeros((5, columns), np.float32),
            np.zeros((5, 300, 3), np.uint16),
            np.zeros((5, 8, 3), np.float32),
            np.zeros((5, 2, 3), np.float32),
        ],
        lambda given, out, stream: edge_kernels.skinning(model, *given, *out, stream),
    )


def device(array: np.ndarray) -> Any:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    return torch.from_numpy(array).cuda()


OPERATORS: dict[str, Callable[[], Operator]] = {
    "ell_matmul": ell_matmul,
    "graph_conv": lambda: graph_conv(False),
    "graph_conv, bfloat16": lambda: graph_conv(True),
    "linear": linear,
    "plan": plan,
    "crop": crop,
    "letterbox": letterbox,
    "heatmap": heatmap,
    "nms": nms,
    "paint": paint,
    "skinning": skinning,
}


@pytest.mark.gpu
@pytest.mark.parametrize("name", OPERATORS)
def test_operator_captured_in_a_graph_equals_a_call(rng: np.random.Generator, name: str) -> None:
    torch = pytest.importorskip("torch")
    operator = OPERATORS[name]()
    given = [device(array) for array in operator.inputs(rng)]
    direct, replayed = ([device(array) for array in operator.outputs] for _ in range(2))
    operator.call(given, replayed, torch.cuda.current_stream().cuda_stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        operator.call(given, replayed, torch.cuda.current_stream().cuda_stream)
    for array, value in zip(given, operator.inputs(rng), strict=True):
        array.copy_(torch.from_numpy(value))
    graph.replay()
    operator.call(given, direct, torch.cuda.current_stream().cuda_stream)
    torch.cuda.synchronize()
    first = len(direct) > 3  # skinning's workspace holds numbers of no meaning beside its own
    for ours, theirs in zip(replayed[first:], direct[first:], strict=True):
        np.testing.assert_array_equal(ours.cpu().numpy(), theirs.cpu().numpy())
        assert (theirs.cpu().numpy() != 0).any()
