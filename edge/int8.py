"""INT8 from a user's own footage: collect, calibrate, search, judge (`meshcast calibrate int8`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from calibration.int8.judge import Boxes, Limits, Poses, box_figures, box_harm, pose_figures, pose_harm, real_people
from calibration.int8.ranges import METHODS, collect
from calibration.int8.search import search
from calibration.int8.split import split
from edge.footage import AnyMoment, Crops, Picture, Tell, collect_crops, collect_pictures
from edge.pipeline import Models, Pipeline, View
from edge.stages.decode_boxes import BOX_FAMILIES
from edge.stages.decode_pose import POSE_FAMILIES
from edge.stages.detect import NMS_IOU, picture_size, suppress
from edge.stages.person import SIGMAS
from edge.stages.track import KEEP, REAL, START
from edge.types import F32
from engines.cards import Card
from engines.errors import ModelError, UnknownNameError
from engines.gate import Figure, Gate
from engines.heads.head import Head, People
from engines.live_model import live_model
from engines.quantize import FloatNetwork
from engines.session import BACKENDS, DEFAULT_BACKEND, Session, open_session

AUTO = "auto"
FEWEST = 8  # inputs that calibrate, and people who judge
CALIBRATING = 128  # inputs, at most
RANKING = 12  # moments, at most

AnyItem = TypeVar("AnyItem")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make an INT8 file.

    limits: the gate's; calibrator: one of calibration.int8.ranges.METHODS, or "auto" for the one that does least harm
    to this model on this footage; floor: the smallest share of the multiply-adds that may be left in INT8; seconds: for
    the search; threads of the engines (None: all cores); max_frames: that are looked at in each clip (None: all).
    """

    limits: Limits
    calibrator: str = "auto"
    floor: float = 0.5
    seconds: float = 600.0
    threads: int | None = None
    max_frames: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An INT8 file and how it was judged, passed or not; bf16: the figures of bfloat16, where the processor has it."""

    data: bytes
    gate: Gate
    bf16: tuple[Figure, ...]


class Jury(Protocol):
    """What judges a model's sessions on held-out moments, and ranks them on others."""

    people: int

    def figures(self, session: Session) -> list[Figure]: ...

    def harm(self, session: Session) -> float: ...


def calibrate_pose(card: Card, clips: Sequence[str], models: Models, recipe: Recipe, tell: Tell) -> Made:
    """INT8 weights of a pose model, calibrated and judged on the people in `clips`.

    models chooses the detector that finds them and the mesh model whose bodies are compared; all run in float32.
    Raises ModelError when the model cannot be quantised or too few people are in the clips, UnknownNameError for an
    unknown calibrator.
    """
    network = _network(card, recipe)
    pipeline = Pipeline(models, View())
    exact = open_session(card, backend=DEFAULT_BACKEND, precision="fp32", threads=recipe.threads)
    moments = collect_crops(list(clips), pipeline, exact, card, recipe.max_frames, tell)
    calibrating, held = _divided(card, moments)
    head = pipeline.mesh.head if pipeline.mesh.head.crops is None else None
    jury = PoseJury(card, exact, head, held, _thinned(calibrating, RANKING), recipe.limits)
    return _make(card, network, clips, calibrating, jury, recipe, tell)


def calibrate_detector(card: Card, clips: Sequence[str], recipe: Recipe, tell: Tell) -> Made:
    """INT8 weights of a detector, as `calibrate_pose`."""
    network = _network(card, recipe)
    exact = open_session(card, backend=DEFAULT_BACKEND, precision="fp32", threads=recipe.threads)
    calibrating, held = _divided(card, collect_pictures(list(clips), card, recipe.max_frames, tell))
    jury = BoxJury(card, exact, held, _thinned(calibrating, RANKING), recipe.limits)
    return _make(card, network, clips, calibrating, jury, recipe, tell)


class PoseJury:
    """Judges pose models on crops of held-out people by keypoints and, where a head makes them of these, meshes."""

    def __init__(
        self, card: Card, exact: Session, head: Head | None, held: list[Crops], ranking: list[Crops], limits: Limits
    ) -> None:
        self._card = card
        self._head = head
        self._limits = limits
        count = len(card.keypoints)
        self._sigmas = SIGMAS if count == len(SIGMAS) else np.full(count, SIGMAS.mean(), np.float32)
        self._held, self._ranking = held, ranking
        self._exact, self._exact_ranking = self._poses(exact, held), self._poses(exact, ranking)
        self.people = int(real_people(self._exact, REAL).sum()) if held else 0

    def figures(self, session: Session) -> list[Figure]:
        other = self._poses(session, self._held)
        return pose_figures(self._exact, other, _sizes(self._held), self._sigmas, REAL, self._limits)

    def harm(self, session: Session) -> float:
        return pose_harm(self._exact_ranking, self._poses(session, self._ranking), _sizes(self._ranking), REAL)

    def _poses(self, session: Session, moments: list[Crops]) -> Poses:
        size = picture_size(self._card)
        found, vertices = [], []
        for moment in moments:
            outputs = session(moment.inputs)
            with np.errstate(invalid="ignore", over="ignore"):
                places, scores = POSE_FAMILIES[self._card.family].decode(outputs, size, self._card.decode.refine)
                low, high = moment.regions[:, None, :2], moment.regions[:, None, 2:]
                keypoints = (low + places * (high - low)).astype(np.float32)
            scores = np.clip(scores, 0, 1).astype(np.float32)
            found.append((keypoints, scores))
            if self._head is not None:
                vertices.append(self._head(People(keypoints, scores, moment.camera.rays(keypoints))).vertices)
        everyone = [np.concatenate(part) for part in zip(*found, strict=True)]
        return Poses(everyone[0], everyone[1], np.concatenate(vertices) if vertices else None)


class BoxJury:
    """Judges detectors on held-out pictures by their boxes."""

    def __init__(self, card: Card, exact: Session, held: list[Picture], ranking: list[Picture], limits: Limits) -> None:
        self._card = card
        self._limits = limits
        self._held, self._ranking = held, ranking
        self._exact, self._exact_ranking = self._boxes(exact, held), self._boxes(exact, ranking)
        self.people = sum(int((boxes.scores >= START).sum()) for boxes in self._exact)

    def figures(self, session: Session) -> list[Figure]:
        return box_figures(self._exact, self._boxes(session, self._held), START, KEEP, self._limits)

    def harm(self, session: Session) -> float:
        return box_harm(self._exact_ranking, self._boxes(session, self._ranking), KEEP)

    def _boxes(self, session: Session, moments: list[Picture]) -> list[Boxes]:
        family, found = BOX_FAMILIES[self._card.family], []
        for moment in moments:
            outputs = session(moment.inputs)
            with np.errstate(invalid="ignore", over="ignore"):
                boxes, scores = family.decode(outputs, picture_size(self._card), self._card.decode.person, KEEP / 2)
            whole = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
            boxes, scores = boxes[whole].astype(np.float32), scores[whole].astype(np.float32)
            if not family.distinct:
                kept = suppress(boxes, scores, NMS_IOU)
                boxes, scores = boxes[kept], scores[kept]
            found.append(Boxes(boxes, scores))
        return found


def _make(
    card: Card,
    network: FloatNetwork,
    clips: Sequence[str],
    calibrating: Sequence[AnyMoment],
    jury: Jury,
    recipe: Recipe,
    tell: Tell,
) -> Made:
    if jury.people < FEWEST:
        raise _too_few(card, jury.people, "people")
    inputs = _thinned(_inputs(calibrating), CALIBRATING)
    histograms = collect(network.activations, _told(inputs, tell))
    engine = BACKENDS[DEFAULT_BACKEND]()
    everything = [layer.name for layer in network.layers]

    def session(method: str, layers: Collection[str], batch: int | None = None) -> Session:
        data = network.quantized(cuts[method], layers, batch=batch)
        return engine.load(data, card.name, "cpu", "int8", recipe.threads)

    methods = list(METHODS) if recipe.calibrator == AUTO else [recipe.calibrator]
    cuts = {method: {name: METHODS[method](histogram) for name, histogram in histograms.items()} for method in methods}
    calibrator = methods[0]
    if len(methods) > 1:
        tell("comparing calibrators", 0.0)
        calibrator = min(methods, key=lambda method: jury.harm(session(method, everything, batch=1)))
    trial = search(
        network.layers,
        lambda layers: jury.figures(session(calibrator, layers)),
        lambda layers: jury.harm(session(calibrator, layers, batch=1)),
        floor=recipe.floor,
        seconds=recipe.seconds,
        tell=tell,
    )
    gate = Gate(
        footage=", ".join(Path(clip).name for clip in clips),
        calibrator=calibrator,
        inputs=len(inputs),
        people=jury.people,
        int8_share=trial.share,
        kept=trial.kept,
        figures=trial.figures,
    )
    bf16: tuple[Figure, ...] = ()
    if "bf16" in engine.precisions("cpu"):
        half = open_session(card, backend=DEFAULT_BACKEND, precision="bf16", threads=recipe.threads)
        bf16 = tuple(jury.figures(half))
    quantized = [name for name in everything if name not in trial.kept]
    return Made(network.quantized(cuts[calibrator], quantized), gate, bf16)


def _network(card: Card, recipe: Recipe) -> FloatNetwork:
    """The float network of a card. What cannot work is said before any footage is looked at."""
    if recipe.calibrator not in (AUTO, *METHODS):
        raise UnknownNameError(f"unknown calibrator {recipe.calibrator!r}; there are: {', '.join((AUTO, *METHODS))}")
    floats = card.variant("fp32")
    if floats is None:
        raise ModelError(f"{card.name} is untrained: import a checkpoint first (meshcast models import)")
    if "int8" not in BACKENDS[DEFAULT_BACKEND]().precisions("cpu"):
        raise ModelError(f"{DEFAULT_BACKEND} does not compute in int8 here, so that INT8 cannot be judged")
    return FloatNetwork(live_model(card, floats, None), card.name, (1, 3, *picture_size(card)))


def _divided(card: Card, clips: Sequence[list[AnyMoment]]) -> tuple[list[AnyMoment], list[AnyMoment]]:
    """Moments that calibrate, and those held out, of all clips. Raises ModelError when there are too few."""
    calibrating: list[AnyMoment] = []
    held: list[AnyMoment] = []
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


def _inputs(moments: Sequence[AnyMoment]) -> list[F32]:
    """Inputs (1, 3, h, w) of moments, one by one."""
    return [moment.inputs[row : row + 1] for moment in moments for row in range(len(moment.inputs))]


def _thinned(items: Sequence[AnyItem], most: int) -> list[AnyItem]:
    """At most so many of the items, evenly spread."""
    if len(items) <= most:
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, most).round().astype(int)]


def _told(inputs: list[F32], tell: Tell) -> Iterator[F32]:
    for done, x in enumerate(inputs):
        tell("measuring ranges", done / len(inputs))
        yield x


def _sizes(moments: list[Crops]) -> F32:
    return np.concatenate([moment.sizes for moment in moments])
