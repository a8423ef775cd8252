"""The pipeline: what happens to a frame, in order. `Pipeline.process` is the specification."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from calibration.camera import Camera
from edge.models import LoadedModels, Models
from edge.stages.detect import Detect
from edge.stages.inverse_kinematics import RigFitter, can_fit
from edge.stages.localize import RootLocalizer
from edge.stages.mesh import Mesh
from edge.stages.pose import Pose
from edge.stages.smooth import Smooth
from edge.stages.tracker import Tracker
from edge.timing import Timings
from edge.types import Bodies, BodyModel, Frame, RigPose, TrackedFrame
from engines.inference.process_exit import native_calls

DEFAULT_FOV_DEG = 60.0


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """What is known of the camera: intrinsics or a file with them, or else the horizontal field of view in degrees.

    Where nothing is known, DEFAULT_FOV_DEG is assumed, and said to be: depths are off by as much as it is.
    """

    camera: Path | None = None
    fov_deg: float | None = None
    calibrated: Camera | None = None

    @property
    def assumed(self) -> bool:
        """Whether the field of view is a guess."""
        return self.camera is None and self.calibrated is None and self.fov_deg is None


class Pipeline:
    """Frames of one stream in, bodies out, one call after the other.

    `process` is `track_people`, which remembers where people are and so needs the frames one by one, and then
    `recover_meshes`, which may run on another thread while the next frame is followed: edge.runtime.async_pipeline does
    that, with the same results.

    `timings` holds what each stage took, `models` what the engines took; `dropped_people` counts people that were seen
    but got no body, because an engine's numbers were not finite, too few of their keypoints were seen or the head saw
    them behind the camera.
    """

    def __init__(
        self,
        models: Models | LoadedModels,
        camera_config: CameraConfig,
        *,
        detect_every: int = 8,
        smooth: bool = True,
        attention: bool = False,
    ) -> None:
        """models: loaded ones serve several pipelines. attention: keep the mesh head's attention maps in the bodies,
        where it has them."""
        self.timings = Timings()
        self.camera_config = camera_config
        self._cameras = _Cameras(camera_config)
        self.models = models if isinstance(models, LoadedModels) else LoadedModels(models)
        loaded, wanted = self.models, self.models.wanted
        self.detect = Detect(loaded.detector_session, loaded.detector)
        self.track = Tracker(interval=detect_every)
        self.pose = Pose(loaded.pose_session, loaded.pose, refine=wanted.refine, flip_test=wanted.flip_test)
        self.mesh = Mesh(loaded.make_head(), loaded.pose.keypoints, attention=attention)
        self.localize = RootLocalizer()
        self.smooth = Smooth() if smooth else None
        self.rig_fitter = RigFitter(self.mesh.model) if can_fit(self.mesh.model) else None

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
        return self._cameras.of((width, height), frame.raster)

    def process(self, frame: Frame) -> Bodies:
        """The people in a frame as bodies in meters in the camera's frame, N >= 0 rows."""
        return self.recover_meshes(self.track_people(frame))

    def track_people(self, frame: Frame) -> TrackedFrame:
        """Who is where in the picture: the part that looks at frames one after the other."""
        with native_calls:
            return self._track_people(frame)

    def recover_meshes(self, tracked: TrackedFrame) -> Bodies:
        """The tracked people as bodies in meters in the camera's frame."""
        with native_calls:
            return self._recover_meshes(tracked)

    def solve_rotations(self, frame: Frame, bodies: Bodies) -> RigPose | None:
        """The bodies of a frame as a pose of the body model's rig; None for a model without a rig.

        A stage of its own that runs only when an output uses rotations. Frames may be left out, but come in order.
        """
        if self.rig_fitter is None:
            return None
        with native_calls, self.timings.measure("inverse_kinematics", frame):
            return self.rig_fitter(frame.t_s, bodies)

    def _track_people(self, frame: Frame) -> TrackedFrame:
        measure = self.timings.measure
        camera = self.camera(frame)
        detections = None
        if self.track.wants_detections(frame):
            with measure("detect", frame):
                detections = self.detect(frame)
        with measure("track", frame):
            tracks = self.track.update(frame, detections)
        with measure("pose", frame):
            pose = self.pose(frame, tracks)
        with measure("track", frame):
            pose = self.track.observe(frame, pose)
        return TrackedFrame(frame, camera, tracks, pose)

    def _recover_meshes(self, tracked: TrackedFrame) -> Bodies:
        measure, frame = self.timings.measure, tracked.frame
        with measure("mesh", frame):
            mesh = self.mesh(tracked)
        with measure("localize", frame):
            bodies = self.localize(tracked, mesh)
        if self.smooth is None:
            return bodies
        with measure("smooth", frame):
            return self.smooth(frame.t_s, bodies)

    def reset(self) -> None:
        """Forget everybody, as before the first frame."""
        self.track.reset()
        if self.smooth is not None:
            self.smooth.reset()
        if self.rig_fitter is not None:
            self.rig_fitter.reset()


class _Cameras:
    """The camera for every picture size that comes along; the file is read once."""

    def __init__(self, camera_config: CameraConfig) -> None:
        self._fov_deg = DEFAULT_FOV_DEG if camera_config.fov_deg is None else camera_config.fov_deg
        self._assumed = camera_config.assumed
        self._calibrated = (
            Camera.load(camera_config.camera) if camera_config.camera is not None else camera_config.calibrated
        )
        self._by_size: dict[tuple[tuple[int, int], tuple[int, int] | None], Camera] = {}
        if self._calibrated is None:
            Camera.from_fov((2, 2), self._fov_deg)  # a wrong angle is said before any frame is read

    def of(self, size: tuple[int, int], raster: tuple[int, int] | None) -> Camera:
        camera = self._by_size.get((size, raster))
        if camera is None:
            if self._calibrated is not None:
                camera = self._calibrated.at(size, raster)
            else:
                camera = Camera.from_fov(size, self._fov_deg, assumed=self._assumed)
            self._by_size[size, raster] = camera
        return camera
