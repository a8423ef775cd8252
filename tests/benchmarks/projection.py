"""What a frame's stages could cost on boards at best, a projection: python tests/benchmarks/projection.py

Nothing here is measured on a board. Multiplications and bytes of the detector, the pose and the mesh model are counted
in the ONNX graphs that run: weights are read once a call, the results of its products are written once and read once. A
lower bound is the longer of bytes over the bandwidth and operations over the dense rate in that precision, see
lower_bounds.py.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import onnx
from lower_bounds import BOARDS, Board

from engines.cards.card import load_card
from engines.inference.onnx_model import onnx_model

PEOPLE = (1, 4)
DETECT_EVERY = 8
BYTES = {"fp16": 2, "int8": 1}
SPEED_UP = {"fp16": 1, "int8": 2}  # tensor cores, dense, over bfloat16
STAGES = (("detector", "nanodet_g"), ("pose", "movenet_thunder"), ("pose", "hrnet_w32"), ("mesh", "pose2mesh_open"))
PRODUCTS = ("Conv", "Gemm", "MatMul")


class Cost(NamedTuple):
    """Of one row: multiplications with an addition, numbers in the weights and in all other tensors."""

    products: int
    weights: int
    activations: int

    def lower_bound_ms(self, board: Board, precision: str, rows: int) -> float:
        """Milliseconds of one call with this many rows."""
        operations = 2 * rows * self.products / (board.bf16 * SPEED_UP[precision])
        moved = BYTES[precision] * (self.weights + 2 * rows * self.activations) / board.bandwidth
        return max(operations, moved) * 1e3


def cost(name: str, task: str) -> Cost:
    """Count a card's ONNX graph for one row."""
    card = load_card(name, task)
    model = onnx.load_from_string(onnx_model(card, card.variant("fp32"), None))
    for entry in model.graph.input:
        first, *others = entry.type.tensor_type.shape.dim
        first.dim_value = 1
        for side in others:  # a detector's free height and width
            side.dim_value = side.dim_value or card.input.size
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    weights = {entry.name: tuple(entry.dims) for entry in graph.initializer}
    shapes: dict[str, tuple[int, ...]] = dict(weights)
    for entry in (*graph.input, *graph.value_info, *graph.output):
        shapes[entry.name] = tuple(side.dim_value or 1 for side in entry.type.tensor_type.shape.dim)
    products = sum(_products(node, shapes) for node in graph.node if node.op_type in PRODUCTS)
    made = sum(prod(shapes.get(name, (0,))) for node in graph.node for name in node.output if node.op_type in PRODUCTS)
    return Cost(products, sum(prod(shape) for shape in weights.values()), made)


def _products(node: Any, shapes: dict[str, tuple[int, ...]]) -> int:
    out, weight = shapes[node.output[0]], shapes[node.input[1]]
    if node.op_type == "Conv":  # a weight (C', C / groups, h, w) is applied at every place
        return prod(out) * prod(weight[1:])
    transposed = any(entry.name == "transB" and entry.i for entry in node.attribute)
    return prod(out) * weight[-1 if transposed else -2]


def main() -> None:
    costs = {name: cost(name, task) for task, name in STAGES}
    print("Projected lower bounds in ms, not measured.")
    print("| model | GMAC a row | weights, M | precision | rows | " + " | ".join(b.name for b in BOARDS) + " |")
    print("| --- | ---: | ---: | --- | ---: " + "| ---: " * len(BOARDS) + "|")
    for name, counted in costs.items():
        for precision in ("fp16",) if name == "pose2mesh_open" else BYTES:
            for rows in (1,) if name == "nanodet_g" else PEOPLE:
                lower_bounds = " | ".join(f"{counted.lower_bound_ms(board, precision, rows):.2f}" for board in BOARDS)
                size = f"{counted.products / 1e9:.2f} | {counted.weights / 1e6:.1f}"
                print(f"| {name} | {size} | {precision} | {rows} | {lower_bounds} |")
    for people in PEOPLE:
        whole = [
            costs["nanodet_g"].lower_bound_ms(board, "fp16", 1) / DETECT_EVERY
            + costs["movenet_thunder"].lower_bound_ms(board, "fp16", people)
            + costs["pose2mesh_open"].lower_bound_ms(board, "fp16", people)
            for board in BOARDS
        ]
        print(f"| engines of a frame, {people} people | | | fp16 | | " + " | ".join(f"{ms:.2f}" for ms in whole) + " |")


if __name__ == "__main__":
    main()
