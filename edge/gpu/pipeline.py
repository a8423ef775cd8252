"""The pipeline with its images, crops and surfaces on a GPU; its results are those of edge.pipeline."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from edge.gpu.detect import GpuDetect
from edge.gpu.fit import GpuFit
from edge.gpu.models import GpuModels
from edge.gpu.pose import GpuPose
from edge.gpu.skin import GpuSkinner
from edge.gpu.slots import SLOTS, FrameRing
from edge.gpu.surface import GpuSkin
from edge.models import LoadedModels
from edge.pipeline import CameraConfig, Pipeline
from edge.stages.config import PipelineConfig
from edge.stages.detect import Detect, input_size
from edge.stages.inverse_kinematics import FitRotations
from edge.stages.pose import OnCrops, Pose
from edge.stages.rig_pose import Skin
from edge.timing import Timings
from edge.types import F32, I32, U8, Array, BodyModel, DeviceFrame, Frame, TrackedFrame, Tracks
from engines.body.body import Body
from engines.cards.card import Card
from engines.device.metered import Around, DeviceCounts, MeteredDevice
from engines.errors import DeviceLostError
from engines.heads.base import Head
from engines.inference.process_exit import native_calls
from engines.inference.stream_engine import StreamedSession


class GpuPipeline(Pipeline):
    """A Pipeline whose images, crops, networks and surfaces are on a device.

    Work is enqueued on four streams: "copy in" (images), "detector" (letterbox and network), "pose" (crops and network)
    and "mesh" (network, skinning). The host waits for small copies only: of keypoints once a frame, and of what the
    state of a person is computed from.
    """

    uploads = True

    def __init__(
        self,
        models: GpuModels,
        camera_config: CameraConfig,
        config: PipelineConfig | None = None,
        *,
        timings: Timings | None = None,
        around: Around | None = None,
    ) -> None:
        """
        Args:
            models: shared by the pipelines of all cameras.
            camera_config: intrinsics of the camera.
            config: settings of the stages.
            timings: where durations are added.
            around: surrounds what is enqueued, see MeteredDevice.
        """
        timings = timings or Timings()
        self._gpu = models
        self._device = MeteredDevice(
            models.device, lambda name, start_ns, end_ns: timings.record(f"gpu {name}", start_ns, end_ns), around
        )
        self._ring = FrameRing(self._device)
        self._pose_stream = self._device.stream("pose")
        # Crops that are computed ahead do not delay the frame before them.
        self._mesh_stream = self._device.stream("mesh", urgent=True)
        self._owned: list[Any] = [self._ring]
        self._detect: GpuDetect | None = None
        try:
            super().__init__(models.loaded, camera_config, config, timings=timings)
        except BaseException:
            self.close()
            raise

        if isinstance(self.pose, GpuPose):
            self.pose.follow_with(self._forecast, self._config.tracker.motion)

    def upload(self, frame: Frame) -> None:
        """Start the copy of the image, and the detector where it is expected to run; waits for a free slot."""
        with native_calls, self.timings.measure("upload", frame):
            self._ring.upload(frame)
            if self._detect is not None and self.track.expects_detections(self._ring.used):
                self._detect.start(frame)

    def discard(self, frame: Frame) -> None:
        if self._detect is not None:
            self._detect.forget(frame)
        self._ring.release(frame)

    def track_people(self, frame: Frame) -> TrackedFrame:
        try:
            if isinstance(frame, DeviceFrame):
                self._ring.slot(frame)  # its image is read on the host, too
            return super().track_people(frame)
        finally:
            self.discard(frame)

    @property
    def device_counts(self) -> DeviceCounts:
        """Launches, copies, waits and allocations so far."""
        return self._device.counts

    def end(self) -> None:
        self._ring.end()

    def close(self) -> None:
        for part in reversed(self._owned):
            with suppress(DeviceLostError):  # the memory is gone with the device
                part.close()
        self._owned.clear()

    def _forecast(self, tracks: Tracks, following: Frame) -> tuple[F32, Array] | None:
        """The people of the frame whose poses are looked for now, for the crops of the following frame."""
        return self.track.motion_state(tracks.ids, following.t_s) if self.track.follows(following) else None

    def _make_detect(self, config: PipelineConfig) -> Detect:
        loaded, gpu = self.models, self._gpu
        if config.detection.small_people:
            return super()._make_detect(config)  # its tiles are cut on the host
        engine = gpu.engine("detector", loaded.detector, (3, *input_size(loaded.detector)))
        self._detect = GpuDetect(
            loaded.detector_session,
            loaded.detector,
            config.detection,
            device=self._device,
            engine=engine,
            ring=self._ring,
            ahead=SLOTS,
        )
        self._owned.append(self._detect)
        return self._detect

    def _make_pose(self, config: PipelineConfig, on_crops: OnCrops | None) -> Pose:
        options = self.models.wanted
        if options.flip_test:
            return super()._make_pose(config, on_crops)  # it turns the crops on the host
        return self._gpu_pose("pose", self.models.pose, refine=options.refine, config=config.pose, cut=config.cut)

    def _make_second_pose(self) -> Pose | None:
        card = self.models.second_pose
        if card is None or not self._gpu.serves("second_pose"):
            return super()._make_second_pose()
        return self._gpu_pose("second_pose", card)

    def _make_head(self) -> Head:
        gpu, card = self._gpu, self.models.mesh
        columns = card.input.shape[1:]
        if not gpu.serves("mesh") or card.input.color or not all(isinstance(side, int) for side in columns):
            return super()._make_head()
        engine = gpu.engine("mesh", card, tuple(int(side) for side in columns))
        session = StreamedSession(self._device, engine, self._mesh_stream, gpu.session("mesh"))
        self._owned.append(session)
        return self.models.make_head(session)

    def _make_fit(self, joints: U8, weights: F32, parents: I32) -> FitRotations:
        rig, least = (joints, weights, parents), self._config.inverse_kinematics.gpu_people
        fit = GpuFit(self._device, self._mesh_stream, rig, least)
        self._owned.append(fit)
        return fit

    def _make_skin(self, body: Body, model: BodyModel) -> Skin:
        def skinner_of(chosen: I32 | None) -> GpuSkinner:
            skinner = GpuSkinner(self._device, self._mesh_stream, body, chosen)
            self._owned.append(skinner)
            return skinner

        return GpuSkin(body, model, lambda: self.surface_use(), skinner_of)

    def _gpu_pose(self, role: str, card: Card, **options: Any) -> GpuPose:
        pose = GpuPose(
            self._gpu.session(role),
            card,
            device=self._device,
            stream=self._pose_stream,
            engine=self._gpu.engine(role, card, (3, *input_size(card))),
            ring=self._ring,
            **options,
        )
        self._owned.append(pose)
        return pose


def make_pipeline(
    models: LoadedModels,
    gpu: GpuModels | None,
    camera: CameraConfig,
    config: PipelineConfig,
    timings: Timings,
    around: Around | None = None,
) -> Pipeline:
    """The pipeline of one stream: on the streams of a GPU where `gpu` is given. around: see GpuPipeline."""
    if gpu is None:
        return Pipeline(models, camera, config, timings=timings)
    return GpuPipeline(gpu, camera, config, timings=timings, around=around)
