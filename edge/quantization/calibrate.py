"""INT8 calibration on clips: collect samples, calibrate, search, evaluate (`meshcast calibrate int8`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from calibration.int8.histograms import METHODS, collect
from calibration.int8.metrics import Limits
from calibration.int8.mixed_precision import search
from calibration.int8.split import split
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.quantization.evaluators import BoxEvaluator, Evaluator, PoseEvaluator
from edge.quantization.samples import AnySample, CropSampler, OnProgress, collect_crops, collect_images
from edge.stages.detect import input_size
from edge.types import F32
from engines.cards.accuracy_gate import Gate, Metric
from engines.cards.card import Card
from engines.errors import ModelError
from engines.files.suggestions import unknown
from engines.inference.onnx_model import checked_model
from engines.inference.session import BACKENDS, Session, open_session
from engines.onnx_tools.quantize import FloatNetwork

AUTO = "auto"
EVALUATION_BACKEND = "openvino"  # its INT8 is fast, and it reads the same file as TensorRT
MIN_INPUTS = 8  # inputs for calibration, and people for evaluation
MAX_CALIBRATION_INPUTS = 128
MAX_RANKING_SAMPLES = 12

AnyItem = TypeVar("AnyItem")


@dataclass(frozen=True, slots=True)
class CalibrationConfig:
    """Settings of a calibration.

    Attributes:
        limits: of the accuracy gate.
        calibrator: one of calibration.int8.histograms.METHODS, or "auto" for the one that degrades this model least.
        floor: least share of the multiply-adds, 0..1, that stays in INT8.
        seconds: time for the search, s.
        threads: of the engines; None: all cores.
        max_frames: frames read from each clip; None: all.
    """

    limits: Limits
    calibrator: str = "auto"
    floor: float = 0.5
    seconds: float = 600.0
    threads: int | None = None
    max_frames: int | None = None


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """An INT8 file and its evaluation, passed or not; bf16: the metrics of bfloat16, if the processor supports it."""

    data: bytes
    gate: Gate
    bf16: tuple[Metric, ...]


def calibrate_pose(
    card: Card, clips: Sequence[str], models: Models, recipe: CalibrationConfig, on_progress: OnProgress
) -> CalibrationResult:
    """INT8 weights of a pose model, calibrated and evaluated on the people in `clips`.

    models names this model, the detector and the mesh model whose bodies are compared; all run in float32.
    Raises ModelError when the model cannot be quantized or too few people are in the clips, UnknownNameError for an
    unknown calibrator.
    """
    network = _network(card, recipe)
    crops, models = CropSampler(), replace(models, backend=EVALUATION_BACKEND, precision="fp32", threads=recipe.threads)
    pipeline = Pipeline(models, CameraConfig(), on_crops=crops)
    calibrating, held = _divided(card, collect_crops(list(clips), pipeline, crops, recipe.max_frames, on_progress))
    head, exact = pipeline.mesh.head, pipeline.models.pose_session
    evaluator = PoseEvaluator(card, exact, head, held, _thinned(calibrating, MAX_RANKING_SAMPLES), recipe.limits)
    return _make(card, network, clips, calibrating, evaluator, recipe, on_progress)


def calibrate_detector(
    card: Card, clips: Sequence[str], recipe: CalibrationConfig, on_progress: OnProgress
) -> CalibrationResult:
    """INT8 weights of a detector, as `calibrate_pose`."""
    network = _network(card, recipe)
    exact = open_session(card, backend=EVALUATION_BACKEND, precision="fp32", threads=recipe.threads)
    calibrating, held = _divided(card, collect_images(list(clips), card, recipe.max_frames, on_progress))
    evaluator = BoxEvaluator(card, exact, held, _thinned(calibrating, MAX_RANKING_SAMPLES), recipe.limits)
    return _make(card, network, clips, calibrating, evaluator, recipe, on_progress)


def _make(
    card: Card,
    network: FloatNetwork,
    clips: Sequence[str],
    calibrating: Sequence[AnySample],
    evaluator: Evaluator,
    recipe: CalibrationConfig,
    on_progress: OnProgress,
) -> CalibrationResult:
    if evaluator.people < MIN_INPUTS:
        raise _too_few(card, evaluator.people, "people")
    inputs = _thinned(_inputs(calibrating), MAX_CALIBRATION_INPUTS)
    histograms = collect(network.activations, _with_progress(inputs, on_progress))
    engine = BACKENDS[EVALUATION_BACKEND]()
    everything = [layer.name for layer in network.layers]

    def session(method: str, layers: Collection[str], batch: int | None = None) -> Session:
        data = network.quantized(cuts[method], layers, batch=batch)
        return engine.load(data, card.name, "cpu", "int8", recipe.threads)

    methods = list(METHODS) if recipe.calibrator == AUTO else [recipe.calibrator]
    cuts = {method: {name: METHODS[method](histogram) for name, histogram in histograms.items()} for method in methods}
    calibrator = methods[0]
    if len(methods) > 1:
        on_progress("comparing calibrators", 0.0)
        calibrator = min(methods, key=lambda method: evaluator.degradation(session(method, everything, batch=1)))
    trial = search(
        network.layers,
        lambda layers: evaluator.metrics(session(calibrator, layers)),
        lambda layers: evaluator.degradation(session(calibrator, layers, batch=1)),
        floor=recipe.floor,
        seconds=recipe.seconds,
        on_progress=on_progress,
    )
    gate = Gate(
        samples=", ".join(Path(clip).name for clip in clips),
        calibrator=calibrator,
        inputs=len(inputs),
        people=evaluator.people,
        int8_share=trial.share,
        kept=trial.kept,
        metrics=trial.metrics,
    )
    bf16: tuple[Metric, ...] = ()
    if "bf16" in engine.precisions("cpu"):
        half = open_session(card, backend=EVALUATION_BACKEND, precision="bf16", threads=recipe.threads)
        bf16 = tuple(evaluator.metrics(half))
    quantized = [name for name in everything if name not in trial.kept]
    return CalibrationResult(network.quantized(cuts[calibrator], quantized), gate, bf16)


def _network(card: Card, recipe: CalibrationConfig) -> FloatNetwork:
    """The float network of a card. Raises before any clip is read when it cannot be quantized."""
    if recipe.calibrator not in (AUTO, *METHODS):
        raise unknown("calibrator", recipe.calibrator, (AUTO, *METHODS))
    floats = card.variant("fp32")
    if floats is None:
        raise ModelError(f"{card.name} is untrained: import a checkpoint first (meshcast models import)")
    if "int8" not in BACKENDS[EVALUATION_BACKEND]().precisions("cpu"):
        raise ModelError(
            f"{EVALUATION_BACKEND} does not compute in int8 on this machine: INT8 cannot be evaluated here"
        )
    return FloatNetwork(checked_model(card, floats, None), card.name, (1, 3, *input_size(card)))


def _divided(card: Card, clips: Sequence[list[AnySample]]) -> tuple[list[AnySample], list[AnySample]]:
    """Samples for calibration, and held-out ones, of all clips. Raises ModelError when there are too few."""
    calibrating: list[AnySample] = []
    held: list[AnySample] = []
    for samples in clips:
        mine, others = split(len(samples))
        calibrating += [samples[index] for index in mine]
        held += [samples[index] for index in others]
    fewest = min(len(_inputs(calibrating)), len(_inputs(held)))
    if fewest < MIN_INPUTS:
        raise _too_few(card, fewest, "crops" if card.task == "pose" else "images")
    return calibrating, held


def _too_few(card: Card, count: int, what: str) -> ModelError:
    return ModelError(
        f"{card.name}: too few people in the clips, {count} {what} where {MIN_INPUTS} are needed; give longer clips"
    )


def _inputs(samples: Sequence[AnySample]) -> list[F32]:
    """Inputs (1, 3, h, w) of samples, one by one."""
    return [sample.inputs[row : row + 1] for sample in samples for row in range(len(sample.inputs))]


def _thinned(items: Sequence[AnyItem], most: int) -> list[AnyItem]:
    """At most `most` of the items, evenly spread."""
    if len(items) <= most:
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, most).round().astype(int)]


def _with_progress(inputs: list[F32], on_progress: OnProgress) -> Iterator[F32]:
    for done, x in enumerate(inputs):
        on_progress("collecting activation histograms", done / len(inputs))
        yield x
