"""INT8 against BF16 and FP32, engine by engine, and the gate of the shipped files: python tests/benchmarks/bm_int8.py

The shipped INT8 files were calibrated on other clips than those that judge here. HRNet-W32 has random weights: they
change no time, and what its metric says is how far quantization moves the output, not how good keypoints are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from metric import MEDIA, Metric, run_interleaved, show

from calibration.int8.histograms import METHODS, collect
from calibration.int8.metrics import Limits
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.quantization.evaluators import BoxEvaluator, Evaluator, PoseEvaluator
from edge.quantization.samples import collect_crops, collect_pictures
from engines.cards.card import Card, load_card
from engines.inference.onnx_model import onnx_model
from engines.inference.session import BACKENDS, Session, open_session
from engines.onnx_tools.quantize import FloatNetwork

THREADS = 2
ENGINES = ("openvino", "onnxruntime")
WARM_UP, ROUNDS = 3, 25
BATCHES = {"movenet_thunder": (1, 4), "nanodet_g": (1,)}
HELD_OUT = ("balance_cam03.mp4", "pedestrians.mp4")
NO_LIMITS = Limits(float("inf"), 0.0, float("inf"), float("inf"))
CALIBRATING, JUDGING = 8, 4  # random inputs of HRNet
HRNET = "hrnet_w32"


def measure() -> list[Metric]:
    """Times and gate metrics of the shipped models, then HRNet-W32."""
    metrics = []
    for name, batches in BATCHES.items():
        card = load_card(name)
        for batch in batches:
            metrics += times(name, shipped(card), sample_images(card, batch))
        for clip in HELD_OUT:
            metrics += gate(card, clip)
    return [*metrics, *hrnet()]


def shipped(card: Card) -> dict[tuple[str, str], Session]:
    """The card's sessions by engine and precision."""
    return {
        (backend, precision): open_session(card, backend=backend, precision=precision, threads=THREADS)
        for backend in ENGINES
        for precision in BACKENDS[backend]().precisions("cpu")
    }


def sample_images(card: Card, batch: int) -> Any:
    sides = (side if isinstance(side, int) else card.input.size for side in card.input.shape[2:])
    return np.random.default_rng(0).standard_normal((batch, 3, *sides), np.float32)


def times(name: str, sessions: dict[tuple[str, str], Session], x: Any) -> Iterator[Metric]:
    """Milliseconds of INT8, the reference being each other precision on the same engine."""
    calls: dict[str, Callable[[], Any]] = {" ".join(key): partial(session, x) for key, session in sessions.items()}
    spent = run_interleaved(calls, WARM_UP, ROUNDS)
    for backend, precision in sessions:
        if precision != "int8" and (backend, "int8") in sessions:
            label = f"int8 {name} {backend}, batch {len(x)} (reference: {precision})"
            yield Metric(label, spent[f"{backend} int8"], "ms", spent[f"{backend} {precision}"])


def gate(card: Card, clip: str) -> Iterator[Metric]:
    """The gate's metrics on a whole clip, the reference being what bfloat16 does where the processor has it."""
    exact = open_session(card, backend="openvino", precision="fp32", threads=THREADS)
    evaluator: Evaluator
    if card.task == "pose":
        pipeline = Pipeline(Models(pose=card.name, precision="fp32", threads=THREADS), CameraConfig())
        (crops,) = collect_crops([str(MEDIA / clip)], pipeline, None, lambda what, done: None)
        evaluator = PoseEvaluator(card, exact, pipeline.mesh.head, crops, crops[:1], NO_LIMITS)
    else:
        (seen,) = collect_pictures([str(MEDIA / clip)], card, None, lambda what, done: None)
        evaluator = BoxEvaluator(card, exact, seen, seen[:1], NO_LIMITS)
    found = evaluator.metrics(open_session(card, backend="openvino", precision="int8", threads=THREADS))
    half = found  # compared with itself where there is no bfloat16
    if "bf16" in BACKENDS["openvino"]().precisions("cpu"):
        half = evaluator.metrics(open_session(card, backend="openvino", precision="bf16", threads=THREADS))
    for metric, other in zip(found, half, strict=True):
        label = f"int8 gate {card.name} {clip.removesuffix('.mp4')}: {metric.name}"
        yield Metric(label, metric.value, metric.unit.replace(" of the person", ""), other.value)


def hrnet() -> Iterator[Metric]:
    """HRNet-W32, untrained, quantized whole: its times, and its error by calibrator."""
    card = load_card(HRNET)
    data = onnx_model(card, None, None)
    rng = np.random.default_rng(0)
    shape = (1, *(int(side) for side in card.input.shape[1:]))
    network = FloatNetwork(data, card.name, shape)
    inputs = [rng.standard_normal(shape, np.float32) for _ in range(CALIBRATING + JUDGING)]
    histograms = collect(network.activations, inputs[:CALIBRATING])
    layers = [layer.name for layer in network.layers]
    engines = {name: BACKENDS[name]() for name in ENGINES}
    exact = engines["openvino"].load(data, card.name, "cpu", "fp32", THREADS)
    wanted = np.concatenate([exact(x)[0] for x in inputs[CALIBRATING:]])
    files = {}
    for method, cut in METHODS.items():
        files[method] = network.quantized({name: cut(histogram) for name, histogram in histograms.items()}, layers)
        session = engines["openvino"].load(files[method], card.name, "cpu", "int8", THREADS)
        got = np.concatenate([session(x)[0] for x in inputs[CALIBRATING:]])
        error = 100 * float(np.sqrt(np.square(got - wanted).mean() / np.square(wanted - wanted.mean()).mean()))
        yield Metric(f"int8 {card.name}, random weights: error of the heatmaps, {method}", error, "%")
    sessions: dict[tuple[str, str], Session] = {}
    for name, engine in engines.items():
        for precision in engine.precisions("cpu"):
            model = files["entropy"] if precision == "int8" else data
            sessions[name, precision] = engine.load(model, card.name, "cpu", precision, THREADS)
    yield from times(card.name, sessions, inputs[0])


if __name__ == "__main__":
    show(measure())
