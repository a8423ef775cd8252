"""INT8 from a user's own footage: collect, calibrate, search, judge (`meshcast calibrate int8`)."""

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
from edge.quantization.samples import AnySample, OnProgress, collect_crops, collect_pictures
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
JUDGE = "openvino"  # the engine whose INT8 is quick and reads the same file as TensorRT
FEWEST = 8  # inputs that calibrate, and people who judge
CALIBRATING = 128  # inputs, at most
RANKING = 12  # moments, at most

AnyItem = TypeVar("AnyItem")


@dataclass(frozen=True, slots=True)
class CalibrationConfig:
    """How to make an INT8 file.

    limits: the gate's; calibrator: one of calibration.int8.histograms.METHODS, or "auto" for the one that does least
    harm to this model on this footage; floor: the smallest share of the multiply-adds that may be left in INT8;
    seconds: for the search; threads of the engines (None: all cores); max_frames: that are looked at in each clip
    (None: all).
    """

    limits: Limits
    calibrator: str = "auto"
    floor: float = 0.5
    seconds: float = 600.0
    threads: int | None = None
    max_frames: int | None = None


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """An INT8 file and how it was judged, passed or not; bf16: the figures of bfloat16, where the processor has it."""

    data: bytes
    gate: Gate
    bf16: tuple[Metric, ...]


def calibrate_pose(
    card: Card, clips: Sequence[str], models: Models, recipe: CalibrationConfig, on_progress: OnProgress
) -> CalibrationResult:
    """INT8 weights of a pose model, calibrated and judged on the people in `clips`.

    models chooses this model, the detector that finds the people and the mesh model whose bodies are compared; all run
    in float32.
    Raises ModelError when the model cannot be quantized or too few people are in the clips, UnknownNameError for an
    unknown calibrator.
    """
    network = _network(card, recipe)
    pipeline = Pipeline(replace(models, backend=JUDGE, precision="fp32", threads=recipe.threads), CameraConfig())
    calibrating, held = _divided(card, collect_crops(list(clips), pipeline, recipe.max_frames, on_progress))
    head, exact = pipeline.mesh.head, pipeline.models.pose_session
    evaluator = PoseEvaluator(card, exact, head, held, _thinned(calibrating, RANKING), recipe.limits)
    return _make(card, network, clips, calibrating, evaluator, recipe, on_progress)


def calibrate_detector(
    card: Card, clips: Sequence[str], recipe: CalibrationConfig, on_progress: OnProgress
) -> CalibrationResult:
    """INT8 weights of a detector, as `calibrate_pose`."""
    network = _network(card, recipe)
    exact = open_session(card, backend=JUDGE, precision="fp32", threads=recipe.threads)
    calibrating, held = _divided(card, collect_pictures(list(clips), card, recipe.max_frames, on_progress))
    evaluator = BoxEvaluator(card, exact, held, _thinned(calibrating, RANKING), recipe.limits)
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
    if evaluator.people < FEWEST:
        raise _too_few(card, evaluator.people, "people")
    inputs = _thinned(_inputs(calibrating), CALIBRATING)
    histograms = collect(network.activations, _with_progress(inputs, on_progress))
    engine = BACKENDS[JUDGE]()
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
        footage=", ".join(Path(clip).name for clip in clips),
        calibrator=calibrator,
        inputs=len(inputs),
        people=evaluator.people,
        int8_share=trial.share,
        kept=trial.kept,
        metrics=trial.metrics,
    )
    bf16: tuple[Metric, ...] = ()
    if "bf16" in engine.precisions("cpu"):
        half = open_session(card, backend=JUDGE, precision="bf16", threads=recipe.threads)
        bf16 = tuple(evaluator.metrics(half))
    quantized = [name for name in everything if name not in trial.kept]
    return CalibrationResult(network.quantized(cuts[calibrator], quantized), gate, bf16)


def _network(card: Card, recipe: CalibrationConfig) -> FloatNetwork:
    """The float network of a card. What cannot work is said before any footage is looked at."""
    if recipe.calibrator not in (AUTO, *METHODS):
        raise unknown("calibrator", recipe.calibrator, (AUTO, *METHODS))
    floats = card.variant("fp32")
    if floats is None:
        raise ModelError(f"{card.name} is untrained: import a checkpoint first (meshcast models import)")
    if "int8" not in BACKENDS[JUDGE]().precisions("cpu"):
        raise ModelError(f"{JUDGE} does not compute in int8 here, so that INT8 cannot be judged")
    return FloatNetwork(checked_model(card, floats, None), card.name, (1, 3, *input_size(card)))


def _divided(card: Card, clips: Sequence[list[AnySample]]) -> tuple[list[AnySample], list[AnySample]]:
    """Moments that calibrate, and those held out, of all clips. Raises ModelError when there are too few."""
    calibrating: list[AnySample] = []
    held: list[AnySample] = []
    for moments in clips:
        mine, others = split(len(moments))
        calibrating += [moments[index] for index in mine]
        held += [moments[index] for index in others]
    fewest = min(len(_inputs(calibrating)), len(_inputs(held)))
    if fewest < FEWEST:
        raise _too_few(card, fewest, "crops" if card.task == "pose" else "pictures")
    return calibrating, held


def _too_few(card: Card, count: int, what: str) -> ModelError:
    return ModelError(
        f"{card.name}: too few people in the footage, {count} {what} where {FEWEST} are needed; give longer clips"
    )


def _inputs(moments: Sequence[AnySample]) -> list[F32]:
    """Inputs (1, 3, h, w) of moments, one by one."""
    return [moment.inputs[row : row + 1] for moment in moments for row in range(len(moment.inputs))]


def _thinned(items: Sequence[AnyItem], most: int) -> list[AnyItem]:
    """At most so many of the items, evenly spread."""
    if len(items) <= most:
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, most).round().astype(int)]


def _with_progress(inputs: list[F32], on_progress: OnProgress) -> Iterator[F32]:
    for done, x in enumerate(inputs):
        on_progress("measuring ranges", done / len(inputs))
        yield x
