"""Every published network: its size, its arithmetic and its time on each engine: python tests/benchmarks/bm_networks.py

Weights are random: they change neither. `--only NAME` measures one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from metric import Metric, note, run_interleaved, show
from torch.utils.flop_counter import FlopCounterMode

from engines.cards.card import Card, cards, load_card
from engines.inference.backends.onnxruntime_cpu import OnnxRuntime
from engines.inference.backends.openvino_cpu import OpenVino
from engines.inference.session import KERNEL_FAMILIES, open_session
from engines.networks.registry import network
from engines.onnx_tools.export import example, export, load_network

WARM_UP, ROUNDS = 2, 9
THREADS = 2


def measure() -> list[Metric]:
    """Figures of every network card."""
    return [metric for card in cards() if card.network for metric in measure_card(card)]


def measure_card(card: Card) -> list[Metric]:
    """Parameters, GMACs of one input and milliseconds of one call on each engine, the engines interleaved."""
    note(card.name)
    torch.set_num_threads(THREADS)
    module = load_network(card)
    inputs = example(card, 1)
    fixed = [torch.zeros(shape) for shape in network(card.network).fixed.values()]

    def eager() -> Any:
        with torch.inference_mode():
            return module(*inputs, *fixed)

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs, *fixed)
    data = export(card, None, card.outputs)
    arrays = [x.numpy() for x in inputs]
    calls: dict[str, Callable[[], Any]] = {"torch eager": eager}
    for engine, precisions in ((OpenVino(), ("fp32", "bf16")), (OnnxRuntime(), ("fp32",))):
        for precision in precisions:
            if precision in engine.precisions("cpu"):
                session = engine.load(data, card.name, "cpu", precision, THREADS)
                calls[f"{session.backend} {precision}"] = partial(session, *arrays)
    if card.family in KERNEL_FAMILIES:
        kernels = open_session(card)
        calls[f"kernels {kernels.precision}"] = partial(kernels, *arrays)
    times = run_interleaved(calls, WARM_UP, ROUNDS)
    reference = times["torch eager"]
    parameters = sum(p.numel() for p in module.parameters()) / 1e6
    return [
        Metric(f"{card.name} parameters", parameters, "M"),
        Metric(f"{card.name} arithmetic without sparse products", counter.get_total_flops() / 2e9, "GMAC"),
        *(Metric(f"{card.name} {name}, batch 1", value, "ms", reference) for name, value in times.items()),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME")
    chosen = parser.parse_args().only
    show(measure_card(load_card(chosen)) if chosen else measure())
