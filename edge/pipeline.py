"""The pipeline: the steps of a frame, in order. `Pipeline.process` is the specification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.models import LoadedModels, Models
from edge.stages.body_shape import BodyShapes
from edge.stages.body_skeleton import can_size
from edge.stages.config import PipelineConfig
from edge.stages.detect import Detect, input_size
from edge.stages.foot_lock import FootLock
from edge.stages.inverse_kinematics import FitRotations, RigFitter, can_fit, fit_on_host
from edge.stages.leg_odometry import LegOdometry
from edge.stages.localize import RootLocalizer
from edge.stages.mesh import Mesh
from edge.stages.pose import OnCrops, Pose
from edge.stages.refine import PoseRefiner, can_refine
from edge.stages.rig_pose import RigPoser, Skin, can_pose
from edge.stages.second_opinion import SecondOpinion
from edge.stages.smooth import Smooth
from edge.stages.smooth_rigs import SmoothRigs
from edge.stages.tiles import TiledDetect
from edge.stages.tracker import Tracker
from edge.stages.unseen_pose import UnseenPose
from edge.stages.visibility import JointVisibility, KeypointVisibility
from edge.stages.zones import IgnoredZones, Zone
from edge.timing import Timings
from edge.types import F32, I32, U8, Bodies, BodyModel, Frame, RigPose, SurfaceUse, TrackedFrame
from engines.body.body import Body
from engines.body.neutral import neutral_shape
from engines.device.metered import DeviceCounts
from engines.heads.base import Head
from engines.inference.process_exit import native_calls

DEFAULT_FOV_DEG = 60.0


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """A stream's camera. Without intrinsics, DEFAULT_FOV_DEG is assumed and depths scale with the error.

    Attributes:
        camera: path of a camera file.
        fov_deg: horizontal field of view in degrees, used without a camera file.
        calibrated: a camera, used without a camera file.
        camera_height_m: height above the floor, m, used without a calibration; None: unknown.
        tilt_deg: how far a camera of known height looks down, degrees.
        ignored: zones of its images in which people are ignored.
    """

    camera: Path | None = None
    fov_deg: float | None = None
    calibrated: Camera | None = None
    camera_height_m: float | None = None
    tilt_deg: float = 0.0
    ignored: tuple[Zone, ...] = ()

    @property
    def assumed(self) -> bool:
        """Whether the field of view is assumed."""
        return self.camera is None and self.calibrated is None and self.fov_deg is None


class Pipeline:
    """Frames of one stream in, bodies out, one call after the other.

    `process` is `track_people`, which depends on previous frames and takes them in order, followed by `recover_meshes`,
    which may run on another thread while the next frame is tracked: edge.runtime.async_pipeline does that, with the
    same results. `solve_rotations` gives the rig poses of the bodies where they are used.

    Attributes:
        timings: durations of the stages.
        models: the engines, with their own timings.
        camera_config: intrinsics of the camera.
        predict_s: time by which the bodies are ahead of their frames, s.
        uploads: whether `upload` starts work on frames ahead of `track_people`.
        surface_use: called for each frame: what is done with the surface of its bodies. Posed rigs are skinned as far
            as that alone.
    """

    uploads = False

    def __init__(
        self,
        models: Models | LoadedModels,
        camera_config: CameraConfig,
        config: PipelineConfig | None = None,
        *,
        timings: Timings | None = None,
        on_crops: OnCrops | None = None,
    ) -> None:
        """
        Args:
            models: loaded models may be shared by several pipelines.
            camera_config: intrinsics of the camera.
            config: settings of the stages.
            timings: where durations are added.
            on_crops: called with every batch of crops that the pose model receives.
        """
        config = config or PipelineConfig()
        self.timings = timings or Timings()
        self.predict_s = config.predict_s
        self.surface_use: Callable[[], SurfaceUse] = lambda: SurfaceUse.FLOATS
        self.camera_config = camera_config
        self._cameras = FrameCameras(camera_config)
        self.models = models if isinstance(models, LoadedModels) else LoadedModels(models)
        loaded = self.models
        self.detect: Detect | TiledDetect = self._make_detect(config)
        if config.detection.small_people:
            self.detect = TiledDetect(self.detect, input_size(loaded.detector), config.detection)
        self.ignored = IgnoredZones(camera_config.ignored)
        self.track = Tracker(config.tracker)
        self.pose = self._make_pose(config, on_crops)
        self.second_opinion = None
        if (second := self._make_second_pose()) is not None:
            self.second_opinion = SecondOpinion(
                second, second.keypoint_names, loaded.pose.keypoints, config.second_opinion
            )
        self.mesh = Mesh(self._make_head(), loaded.pose.keypoints, attention=config.attention)
        self.see = KeypointVisibility(loaded.pose.keypoints, config.visibility)
        self.joint_visibility = JointVisibility(self.mesh.model.joint_names, loaded.pose.keypoints)
        model, body = self.mesh.model, self.mesh.head.body
        self.body_shapes = None
        if config.size_people and can_size(model):
            self.body_shapes = BodyShapes(model, neutral_shape(body), config.body_shape)
        self.localize = RootLocalizer(config.localization)
        rigged = config.surface == "rig" and can_pose(body, model) and not loaded.wanted.view_deg
        self._config = config
        self.rig_poser = None
        if rigged:
            self.rig_poser = RigPoser(body, model, config.inverse_kinematics, config.localization, self._make_fit)
        refined = config.refine and rigged and can_refine(body, model)
        self.refine = PoseRefiner(body, model, config.refinement) if refined else None
        names, sees_hands = model.joint_names, self.mesh.head.crops is not None
        self.unseen_pose = (
            UnseenPose(names, model.parents, config.unseen_pose, sees_hands=sees_hands) if rigged else None
        )
        self.skin = self._make_skin(body, model) if rigged else None
        self._make_filters(config)
        self.rig_fitter = RigFitter(model, config.inverse_kinematics, self._make_fit) if can_fit(model) else None

    @property
    def model(self) -> BodyModel:
        """The constants of the bodies that `process` returns."""
        return self.mesh.model

    @property
    def dropped_people(self) -> int:
        """People without a body: the engine's numbers were not finite, too few keypoints were visible, or the mesh head
        put them behind the camera."""
        return self.pose.dropped_nan + self.mesh.dropped

    @property
    def device_counts(self) -> DeviceCounts | None:
        """What was asked of a GPU so far, for a pipeline on its streams."""
        return None

    def camera(self, frame: Frame) -> Camera:
        """The camera of a frame. Raises CameraError when the calibration is for another image size."""
        return self._cameras(frame)

    def process(self, frame: Frame) -> Bodies:
        """The people in a frame as bodies in meters in the camera's frame, N >= 0 rows. Frames come in order."""
        return self.recover_meshes(self.track_people(frame))

    def track_people(self, frame: Frame) -> TrackedFrame:
        """The first step: detection, tracking and 2D pose. Frames come in order."""
        with native_calls:
            return self._track_people(frame)

    def recover_meshes(self, tracked: TrackedFrame) -> Bodies:
        """The second step: meshes, root translation, rotations and smoothing, in meters in the camera's frame."""
        with native_calls:
            return self._recover_meshes(tracked)

    def solve_rotations(self, frame: Frame, bodies: Bodies) -> RigPose | None:
        """The bodies of a frame as a pose of the body model's rig; None for a model without a rig.

        Bodies that are posed rigs have their rotations already; those of others are fitted to their surface, a stage of
        its own that runs only when an output uses rotations. Frames may be left out, but come in order.
        """
        if self.rig_fitter is None:
            return None
        rotations, shape = bodies.rotations, bodies.shape
        if self.rig_poser is not None and rotations is not None and shape is not None:
            with native_calls, self.timings.measure("rig_error", frame):
                return self.rig_fitter.measure(bodies, rotations, shape)
        with native_calls, self.timings.measure("inverse_kinematics", frame):
            return self.rig_fitter(frame.t_s, bodies)

    def set_smoothing(self, smooth: str) -> None:
        """Replace the filters, which start again at the next frame. Any thread may call this.

        Args:
            smooth: "off", "light" or "strong", see PipelineConfig.of.
        """
        chosen = PipelineConfig.of(smooth=smooth)  # type: ignore[arg-type]
        self._make_filters(
            replace(self._config, smooth=chosen.smooth, smoothing=chosen.smoothing, rig_smoothing=chosen.rig_smoothing)
        )

    def _make_filters(self, config: PipelineConfig) -> None:
        rigged = self.rig_poser is not None
        smoothed = config.smooth and rigged
        smooth_rigs = None
        if smoothed:
            odometry = LegOdometry(self.model, config.rig_smoothing.odometry)
            smooth_rigs = SmoothRigs(config.rig_smoothing, odometry=odometry, predict_s=config.predict_s)
        self.smooth_rigs = smooth_rigs
        self.foot_lock = FootLock(self.model, config.foot_lock) if smoothed and config.foot_lock.enabled else None
        self.smooth = Smooth(config.smoothing) if config.smooth and not rigged else None

    def upload(self, frame: Frame) -> None:
        """Start what can be done on a frame before those before it are tracked: nothing on the CPU.

        Called once for each frame, in order, on any thread, where `uploads` is true.
        """

    def discard(self, frame: Frame) -> None:
        """A frame that was uploaded will not be tracked."""

    def end(self) -> None:
        """No more frames come: a thread that waits in `upload` gets an error."""

    def close(self) -> None:
        """Free memory on a device, when no thread uses the pipeline any more."""

    def _make_detect(self, config: PipelineConfig) -> Detect:
        loaded = self.models
        return Detect(loaded.detector_session, loaded.detector, config.detection)

    def _make_pose(self, config: PipelineConfig, on_crops: OnCrops | None) -> Pose:
        loaded, options = self.models, self.models.wanted
        return Pose(
            loaded.pose_session,
            loaded.pose,
            refine=options.refine,
            flip_test=options.flip_test,
            on_crops=on_crops,
            config=config.pose,
            cut=config.cut,
        )

    def _make_second_pose(self) -> Pose | None:
        loaded = self.models
        if loaded.second_pose is None or loaded.second_pose_session is None:
            return None
        return Pose(loaded.second_pose_session, loaded.second_pose)

    def _make_head(self) -> Head:
        return self.models.make_head()

    def _make_fit(self, joints: U8, weights: F32, parents: I32) -> FitRotations:
        return fit_on_host(joints, weights, parents)

    def _make_skin(self, body: Body, model: BodyModel) -> Skin:
        return Skin(body, model, lambda: self.surface_use())

    def _track_people(self, frame: Frame) -> TrackedFrame:
        measure = self.timings.measure
        camera = self.camera(frame)
        detections = None
        if self.track.wants_detections(frame):
            with measure("detect", frame):
                detections = self.ignored.detections(self.detect(frame), camera.size)
        with measure("track", frame):
            tracks = self.track.update(frame, detections)
        with measure("pose", frame):
            pose = self.pose(frame, tracks)
        with measure("track", frame):
            tracks, pose = self.track.observe(frame, pose)
        if self.second_opinion is not None:
            with measure("second_pose", frame):
                pose = self.second_opinion(frame, tracks, pose)
        return self.ignored.people(TrackedFrame(frame, camera, tracks, pose))

    def _recover_meshes(self, tracked: TrackedFrame) -> Bodies:
        measure, frame = self.timings.measure, tracked.frame
        with measure("mesh", frame):
            tracked, seen = self.see(tracked)
            mesh, regions = self.mesh(tracked)
        with measure("localize", frame):
            sized = None
            if self.body_shapes is not None and mesh.shape is None:
                sized = self.body_shapes(frame.t_s, tracked, mesh)
            bodies = self.localize(tracked, mesh, regions, sized)
        visibility = self.joint_visibility(seen[mesh.usable])
        bodies = replace(bodies, visibility=visibility)
        if self.rig_poser is not None and self.unseen_pose is not None and self.skin is not None:
            floor = tracked.camera.floor
            up = None if floor is None else floor.up.astype(np.float32)
            with measure("inverse_kinematics", frame):
                posed = self.rig_poser(tracked, mesh, bodies)
            if self.refine is not None:
                with measure("refine", frame):
                    posed = self.refine(tracked, mesh, bodies, posed)
            with measure("unseen_pose", frame):
                posed = self.unseen_pose(frame.t_s, posed, visibility, up=up, contacts=bodies.contacts)
            smooth_rigs, foot_lock = self.smooth_rigs, self.foot_lock  # set_smoothing may replace them meanwhile
            if smooth_rigs is not None:
                with measure("smooth", frame):
                    posed = smooth_rigs(frame.t_s, posed, bodies.contacts, visibility)
            if foot_lock is not None:
                with measure("foot_lock", frame):
                    posed = foot_lock(frame.t_s, posed, bodies.contacts, tracked.camera.floor, visibility)
            with measure("skin", frame):
                return self.skin(posed, bodies)
        smooth = self.smooth
        if smooth is None:
            return bodies
        with measure("smooth", frame):
            return smooth(frame.t_s, bodies)

    def reset_tracking(self) -> None:
        """Forget all people of the first step, on the thread that runs it."""
        self.track.reset()
        if self.second_opinion is not None:
            self.second_opinion.reset()

    def reset(self) -> None:
        """Forget all people, as before the first frame."""
        self.reset_tracking()
        self.reset_bodies()

    def reset_bodies(self) -> None:
        """Forget what the second step knows of people; for the thread that calls `recover_meshes`."""
        self.see.reset()
        self.mesh.reset()
        for stage in (
            self.body_shapes,
            self.rig_poser,
            self.unseen_pose,
            self.smooth_rigs,
            self.foot_lock,
            self.smooth,
            self.rig_fitter,
        ):
            if stage is not None:
                stage.reset()


class FrameCameras:
    """The camera of each frame, cached by image size; a camera file is read once."""

    def __init__(self, camera_config: CameraConfig) -> None:
        self._fov_deg = DEFAULT_FOV_DEG if camera_config.fov_deg is None else camera_config.fov_deg
        self._assumed = camera_config.assumed
        self._calibrated = camera_config.calibrated
        if camera_config.camera is not None:
            self._calibrated = Camera.load(camera_config.camera)
        self._by_size: dict[tuple[tuple[int, int], tuple[int, int] | None], Camera] = {}
        height_m = camera_config.camera_height_m
        self._world = None if height_m is None else WorldPose.of_height(height_m, camera_config.tilt_deg)
        if self._calibrated is None:
            Camera.from_fov((2, 2), self._fov_deg)  # raises for a wrong angle before any frame is read

    def __call__(self, frame: Frame) -> Camera:
        """The camera of a frame. Raises CameraError when the calibration is for another image size."""
        height, width = frame.pixels.shape[:2]
        size, raster = (width, height), frame.raster
        camera = self._by_size.get((size, raster))
        if camera is None:
            if self._calibrated is not None:
                camera = self._calibrated.at(size, raster)
            else:
                camera = Camera.from_fov(size, self._fov_deg, assumed=self._assumed)
                camera = replace(camera, world=self._world)
            self._by_size[size, raster] = camera
        return camera
