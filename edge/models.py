"""The models of a run: which they are, loaded once, whatever number of streams they serve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from edge.timing import Timings
from engines.body.body import Body
from engines.cards.card import Card, load_card
from engines.heads.base import Head
from engines.heads.outputs import check_outputs
from engines.heads.registry import ROTATING, body_for, make_head
from engines.inference.process_exit import native_calls
from engines.inference.session import Session, open_session
from engines.inference.shared_session import BatchingSession


@dataclass(frozen=True, slots=True)
class Models:
    """Which models run, on what. Names are those of `meshcast models`; "auto" lets the card and the machine decide.

    body is the one that a mesh model drives that has none of its own (None: an imported one, else the open body).
    precision is that of the detector and the pose model; mesh models that predict rotations follow bf16 and fp16
    when named, coordinates are always computed in float32. refine and flip_test are the Pose stage's.
    """

    detector: str = "nanodet_g"
    pose: str = "movenet_thunder"
    mesh: str = "pose2mesh_open"
    backend: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    body: str | None = None
    refine: str | None = None
    flip_test: bool = False


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model of the run and what it ran on, for example ("nanodet_g", "openvino", "cpu", "bf16"); weights are
    "trained" or, where they are random, "untrained"."""

    name: str
    backend: str
    device: str
    precision: str
    weights: str = "trained"


class LoadedModels:
    """Cards and sessions of detector, pose and mesh model, safe to use from many threads.

    Streams that ask a session at the same time are served by one call. `timings` holds the time of each engine,
    "detector engine" and so on; `sessions` are the engines and `uses` says which model runs on what, both by task.
    Raises MeshcastError when a model cannot be loaded.
    """

    def __init__(self, models: Models) -> None:
        self.wanted = models
        self.timings = Timings()
        self.uses: dict[str, ModelUse] = {}
        self.sessions: dict[str, BatchingSession] = {}
        self.detector, self.pose, self._mesh = (
            load_card(getattr(models, task), task) for task in ("detector", "pose", "mesh")
        )
        self._body = body_for(self._mesh, models.body)
        self.detector_session = self._session(self.detector, models.precision)
        self.pose_session = self._session(self.pose, models.precision)
        half = models.precision in ("bf16", "fp16") and self._mesh.family in ROTATING
        precision = models.precision if half else "fp32"
        self._mesh_session = self._session(self._mesh, precision, self._body)
        check_outputs(self._mesh, self._mesh_session, self._body)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What to know about the models, a line each."""
        notes = (*map(_untrained, (self.detector, self.pose, self._mesh)), self.make_head().warning)
        return tuple(note for note in notes if note)

    def make_head(self) -> Head:
        """A mesh head for one stream."""
        return make_head(self._mesh, self._mesh_session, self._body, self.pose.keypoints)

    def _session(self, card: Card, precision: str, body: Body | None = None) -> Session:
        wanted = self.wanted
        with native_calls:
            session = open_session(
                card,
                body=body,
                backend=wanted.backend,
                device=wanted.device,
                precision=precision,
                threads=wanted.threads,
            )
        weights = "untrained" if card.untrained else "trained"
        self.uses[card.task] = ModelUse(card.name, session.backend, session.device, session.precision, weights)
        stage = f"{card.task} engine"
        shared = BatchingSession(session, lambda rows, start_ns, end_ns: self.timings.record(stage, start_ns, end_ns))
        self.sessions[card.task] = shared
        return shared


def _untrained(card: Card) -> str:
    if not card.untrained:
        return ""
    return (
        f"{card.name} is untrained: it runs with random weights until a checkpoint is imported (meshcast models import)"
    )
