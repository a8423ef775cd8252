"""The models of a run: loaded once and shared by all streams."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from edge.timing import Timings
from engines.body.body import Body
from engines.cards.card import Card, load_card
from engines.heads.base import Head
from engines.heads.outputs import check_outputs
from engines.heads.registry import ROTATING, body_for, make_head
from engines.inference.build_progress import OnBuild
from engines.inference.process_exit import native_calls
from engines.inference.session import Session, open_session
from engines.inference.shared_session import BatchingSession

SECOND_POSE = "efficientpose_i"


@dataclass(frozen=True, slots=True)
class Models:
    """Which models run, and on what.

    Attributes:
        detector: name of a detector, as `meshcast models` lists it.
        pose: name of a pose model.
        mesh: name of a mesh model.
        backend: inference engine; "auto" chooses the best installed one for the device.
        device: "cpu" or "cuda:N"; "auto" chooses a usable GPU, else the CPU.
        precision: "fp32", "bf16", "fp16" or "int8" of detector and pose model; "auto" chooses by card and device. Mesh
            models that predict rotations use bf16 and fp16 too when named; coordinates are computed in float32.
        threads: of the engines; None: all cores.
        body: body of a mesh model that has none of its own; None: an imported one, else the open body.
        refine: refinement of heatmap peaks, "none", "quarter" or "dark"; None: that of the model's card.
        flip_test: average the pose with that of the mirrored crops, at twice the cost.
        second_pose: name of a pose model that corrects the first one every few frames, or "none"; "auto" takes
            `SECOND_POSE` for MoveNet and none for other pose models, which are better than it.
        dla: core of a deep learning accelerator that runs the detector, with TensorRT on a board that has one.
        view_deg: how far the camera of a mesh model that imagines views (ImpHMR) has moved around the person to its
            own right, degrees. The surface is then the network's, because keypoints show another view.
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
    second_pose: str | None = "auto"
    dla: int | None = None
    view_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model of the run and the engine it ran on, for example ("nanodet_g", "openvino", "cpu", "bf16"); weights are
    "trained" or, if random, "untrained"."""

    name: str
    backend: str
    device: str
    precision: str
    weights: str = "trained"


class LoadedModels:
    """Cards and sessions of detector, pose and mesh model, safe to use from many threads.

    Simultaneous requests of several streams are batched. Raises MeshcastError when a model cannot be loaded.

    Attributes:
        wanted: the options that were given.
        timings: durations of engine calls: "detector engine", "pose engine", "second_pose engine" and "mesh engine".
        sessions: the engines, by role: "detector", "pose", "second_pose" and "mesh".
        uses: the models and their engines, by role.
        second_pose: card of the second pose model, None without one.
    """

    def __init__(self, models: Models, *, timings: Timings | None = None, on_build: OnBuild | None = None) -> None:
        """
        Args:
            models: which models to load, and on what.
            timings: where the durations of engine calls are added.
            on_build: progress of engines that build a plan.
        """
        self.wanted = models
        self.timings = timings or Timings()
        self._on_build = on_build
        self.uses: dict[str, ModelUse] = {}
        self.sessions: dict[str, BatchingSession] = {}
        self.detector, self.pose, self.mesh = (
            load_card(getattr(models, task), task) for task in ("detector", "pose", "mesh")
        )
        self._body = body_for(self.mesh, models.body)
        self.second_pose = second_pose_card(models, self.pose)
        self.detector_session = self._session(self.detector, models.precision)
        self.pose_session = self._session(self.pose, models.precision)
        self.second_pose_session: Session | None = None
        if self.second_pose is not None:
            # Its numbers are offsets of a few pixels: INT8 is not worth calibrating, so the card's best is taken.
            precision = "auto" if models.precision == "int8" else models.precision
            self.second_pose_session = self._session(self.second_pose, precision, role="second_pose")
        half = models.precision in ("bf16", "fp16") and self.mesh.family in ROTATING
        precision = models.precision if half else "fp32"
        self._mesh_session = self._session(self.mesh, precision, self._body)
        check_outputs(self.mesh, self._mesh_session, self._body)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the models, one line each."""
        cards = (self.detector, self.pose, self.second_pose, self.mesh)
        notes = (*(_untrained(card) for card in cards if card is not None), self.make_head().warning)
        return tuple(note for note in notes if note)

    def make_head(self, session: Session | None = None) -> Head:
        """A mesh head for one stream. session: of the mesh model, None: the one that all streams share."""
        chosen = session or self._mesh_session
        return make_head(self.mesh, chosen, self._body, self.pose.keypoints, view_deg=self.wanted.view_deg)

    def _session(self, card: Card, precision: str, body: Body | None = None, *, role: str = "") -> Session:
        wanted, role = self.wanted, role or card.task
        with native_calls:
            session = open_session(
                card,
                body=body,
                backend=wanted.backend,
                device=wanted.device,
                precision=precision,
                threads=wanted.threads,
                on_build=self._on_build,
                dla=wanted.dla if role == "detector" else None,
            )
        weights = "untrained" if card.untrained else "trained"
        self.uses[role] = ModelUse(card.name, session.backend, session.device, session.precision, weights)
        stage = f"{role} engine"
        shared = BatchingSession(session, lambda rows, start_ns, end_ns: self.timings.record(stage, start_ns, end_ns))
        self.sessions[role] = shared
        return shared


def second_pose_card(models: Models, pose: Card) -> Card | None:
    """The card of the second pose model. Raises UnknownNameError when there is no such pose model."""
    name = models.second_pose
    if name == "auto":
        name = SECOND_POSE if pose.family == "movenet" else "none"
    return None if name in (None, "none") else load_card(name, "pose")


def _untrained(card: Card) -> str:
    if not card.untrained:
        return ""
    return (
        f"{card.name} is untrained: it runs with random weights until a checkpoint is imported (meshcast models import)"
    )
