"""The pipeline: what happens to a frame, in order. `Pipeline.process` is the specification."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from calibration.camera import Camera
from edge.sinks.summary import ModelUse
from edge.stages.detect import Detect
from edge.stages.mesh import Mesh
from edge.stages.place import Place
from edge.stages.pose import Pose
from edge.stages.smooth import Smooth
from edge.stages.track import Track
from edge.timing import Timings
from edge.types import Bodies, BodyModel, Frame
from engines.body import Body
from engines.cards import Card, load_card
from engines.heads.families import ROTATING, body_for, make_head
from engines.session import Session, open_session

DEFAULT_FOV_DEG = 60.0


@dataclass(frozen=True, slots=True)
class Models:
    """Which models run, on what. Names are those of `meshcast models`; "auto" lets the card and the machine decide.

    body is the one that a mesh model drives that has none of its own (None: an imported one, else the open body).
    precision is that of the detector and the pose model; mesh models that predict rotations follow bf16 when it is
    named, coordinates are always computed in float32. refine and flip_test are the Pose stage's.
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
class View:
    """What is known of the camera: intrinsics or a file with them, or else the horizontal field of view in degrees."""

    camera: Path | None = None
    fov_deg: float = DEFAULT_FOV_DEG
    calibrated: Camera | None = None


class Pipeline:
    """Frames of one stream in, bodies out, one call after the other.

    `timings` holds what each stage took; `uses` says which model runs on what and `remarks` what to know about them;
    `dropped_people` counts people that were seen but got no body, because an engine's numbers were not finite, too few
    of their keypoints were seen or the head saw them behind the camera.
    """

    def __init__(
        self, models: Models, view: View, *, detect_every: int = 8, smooth: bool = True, attention: bool = False
    ) -> None:
        """attention: keep the mesh head's attention maps in the bodies, where it has them."""
        self.timings = Timings()
        self.uses: dict[str, ModelUse] = {}
        self._cameras = _Cameras(view)
        detector, pose, mesh = (load_card(getattr(models, task), task) for task in ("detector", "pose", "mesh"))
        body = body_for(mesh, models.body)
        self.detect = Detect(self._session(detector, models, models.precision), detector)
        self.track = Track(interval=detect_every)
        self.pose = Pose(
            self._session(pose, models, models.precision), pose, refine=models.refine, flip_test=models.flip_test
        )
        precision = "bf16" if models.precision == "bf16" and mesh.family in ROTATING else "fp32"
        head = make_head(mesh, self._session(mesh, models, precision, body), body, pose.keypoints)
        self.mesh = Mesh(head, pose.keypoints, attention=attention)
        self.remarks = tuple(remark for remark in (*map(_untrained, (detector, pose, mesh)), head.remark) if remark)
        self.place = Place()
        self.smooth = Smooth() if smooth else None

    @property
    def model(self) -> BodyModel:
        """The constants of the bodies that `process` returns."""
        return self.mesh.model

    @property
    def dropped_people(self) -> int:
        return self.pose.dropped_nan + self.mesh.dropped

    def camera(self, frame: Frame) -> Camera:
        """The camera that took the frame. Raises CameraError when the calibration is for another picture size."""
        height, width = frame.image.shape[:2]
        return self._cameras.of((width, height))

    def process(self, frame: Frame) -> Bodies:
        """The people in a frame as bodies in metres in the camera's frame, N >= 0 rows."""
        measure = self.timings.measure
        camera = self.camera(frame)
        detections = None
        if self.track.wants_detections(frame):
            with measure("detect"):
                detections = self.detect(frame)
        with measure("track"):
            tracks = self.track.update(frame, detections)
        with measure("pose"):
            pose = self.pose(frame, tracks)
        with measure("track"):
            pose = self.track.observe(frame, pose)
        with measure("mesh"):
            rooted = self.mesh(frame, tracks, pose, camera)
        with measure("place"):
            bodies = self.place(rooted)
        if self.smooth is None:
            return bodies
        with measure("smooth"):
            return self.smooth(frame.t_s, bodies)

    def reset(self) -> None:
        """Forget everybody, as before the first frame."""
        self.track.reset()
        if self.smooth is not None:
            self.smooth.reset()

    def _session(self, card: Card, models: Models, precision: str, body: Body | None = None) -> Session:
        session = open_session(
            card, body=body, backend=models.backend, device=models.device, precision=precision, threads=models.threads
        )
        self.uses[card.task] = ModelUse(
            card.name, session.backend, session.device, session.precision, "untrained" if card.untrained else "trained"
        )
        return session


def _untrained(card: Card) -> str:
    if not card.untrained:
        return ""
    return (
        f"{card.name} is untrained: it runs with random weights until a checkpoint is imported (meshcast models import)"
    )


class _Cameras:
    """The camera for every picture size that comes along; the file is read once."""

    def __init__(self, view: View) -> None:
        self._fov_deg = view.fov_deg
        self._calibrated = Camera.load(view.camera) if view.camera is not None else view.calibrated
        self._by_size: dict[tuple[int, int], Camera] = {}
        if self._calibrated is None:
            Camera.from_fov((2, 2), view.fov_deg)  # a wrong angle is said before any frame is read

    def of(self, size: tuple[int, int]) -> Camera:
        camera = self._by_size.get(size)
        if camera is None:
            camera = self._calibrated.at(size) if self._calibrated else Camera.from_fov(size, self._fov_deg)
            self._by_size[size] = camera
        return camera
