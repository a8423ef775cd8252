"""The stream of a room: the results of its cameras' streams, fused, as one more stream of the run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np

from calibration.camera import Camera
from calibration.world import ROOM_POSE
from edge.pipeline import CameraConfig
from edge.room.alignment import AlignedViews, Alignment, AlignmentConfig, Sample
from edge.room.fusion import RoomFusion
from edge.room.views import ViewPeople, rig_pixels
from edge.room.watch import CameraHealth, RoomWatch
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.frame_errors import FrameErrors
from edge.stages.appearance import appearance_of
from edge.stages.config import AppearanceConfig
from edge.stages.inverse_kinematics import RigFitter
from edge.timing import Timings
from edge.types import Bodies, Frame, RigPose
from engines.device.metered import DeviceCounts

ROOM = "room"  # name of the fused stream

ROOM_CAMERA = Camera((0, 0), np.zeros((3, 3)), np.zeros(5), world=ROOM_POSE)
APPEARANCE = AppearanceConfig()
NO_IMAGE = np.zeros((0, 0, 3), np.uint8)

log = logging.getLogger("meshcast.room")


@dataclass(slots=True)
class _Source:
    """The room in the place of a source."""

    name: str
    live: bool
    reconnects: int = 0
    decode_level: int = 0
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    source: _Source
    pace: str
    latest_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Pipeline:
    timings: Timings
    camera_config: CameraConfig = field(default_factory=lambda: CameraConfig(calibrated=ROOM_CAMERA))
    dropped_people: int = 0
    device_counts: DeviceCounts | None = None


class RoomResults:
    """Iterates over the moments of a room. put() takes the results of each camera, on that camera's thread.

    It ends when all cameras have ended. A moment on which the fusion raises is left out.

    Attributes:
        fusion: of the room.
        watch: of the cameras.
        reader, pipeline: what a run reports of a stream.
        wants_rotations: called for each moment: whether its result has to hold a rig pose.
    """

    def __init__(
        self,
        fusion: RoomFusion,
        timings: Timings,
        *,
        live: bool,
        realtime: bool,
        watch: RoomWatch | None = None,
        config: AlignmentConfig | None = None,
    ) -> None:
        """
        Args:
            fusion: of the room.
            timings: of the room's stream.
            live: the times of frames are those of their capture; otherwise those of the files.
            realtime: cameras do not wait for the room.
            watch: of the cameras.
            config: of the alignment.
        """
        self.fusion = fusion
        self._names = [camera.name for camera in fusion.cameras]
        self.watch = watch or RoomWatch(fusion.cameras)
        self.wants_rotations: Callable[[], bool] = lambda: False
        self._live, self._realtime = live, realtime
        source = _Source(ROOM, live)
        self.reader = _Reader(source, "realtime" if realtime else "fast")
        self.pipeline = _Pipeline(timings)
        self._alignment = Alignment(self._names, live=realtime, config=config, report=self._warn)
        self._rig_fitter = RigFitter(fusion.model)
        self._errors = FrameErrors()
        self._begin_s: float | None = None
        self._put = [0] * len(self._names)
        self._moments = 0
        self._lock = threading.Lock()

    @property
    def captured(self) -> int:
        """Moments that were fused."""
        return self._moments

    @property
    def drops(self) -> Mapping[str, int]:
        """Moments without a result. Frames that came too late for their moment are counted as "late"."""
        return {"late": self._alignment.dropped, "failed": self._errors.count}

    @property
    def waiting(self) -> Mapping[str, int]:
        """No frames wait for steps of a room: its cameras' results wait for each other."""
        return {}

    @property
    def problems(self) -> list[str]:
        """Messages about moments that were left out. Those about cameras are warnings of the room's source."""
        return [self._errors.problem] if self._errors.problem is not None else []

    @property
    def silent(self) -> list[str]:
        """Cameras without which the room goes on, because they give no frames."""
        return self._alignment.silent

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the cameras."""
        return tuple(self._names)

    def health(self) -> list[CameraHealth]:
        """The state of each camera."""
        return self.watch.health()

    @property
    def latencies_s(self) -> list[float]:
        """Times from the capture of each camera's frames until they reach the room, s; NaN where that is not known."""
        return self._alignment.latencies_s if self._realtime else [float("nan")] * len(self._names)

    def stats(self) -> dict[str, Any]:
        """The cameras with their poses, states and latencies (null where not known), for the stats message."""
        return {
            "cameras": [
                {
                    "name": camera.name,
                    "size": list(camera.camera.size),
                    "K": camera.camera.K.tolist(),
                    "rotation": camera.pose.rotation.tolist(),
                    "translation": camera.pose.translation.tolist(),
                    "matched": health.matched,
                    "moved": health.moved,
                    "silent": camera.name in self.silent,
                    "latency_ms": round(1e3 * latency_s, 1) if np.isfinite(latency_s) else None,
                }
                for camera, health, latency_s in zip(self.fusion.cameras, self.health(), self.latencies_s, strict=True)
            ]
        }

    def put(self, camera: int, result: FrameResult) -> None:
        """Take the result of a camera, in the order of the room's cameras."""
        bodies, frame = result.bodies, result.frame
        if bodies.rotations is None or bodies.shape is None:
            return
        people = ViewPeople(
            bodies.ids,
            rig_pixels(bodies.keypoints, result.camera.size, self.fusion.cameras[camera].camera),
            bodies.rotations,
            bodies.shape,
            bodies.translation,
            bodies.visibility,
            bodies.contacts,
            appearance_of(frame.image, bodies.keypoints[..., :2], bodies.keypoints[..., 2], APPEARANCE),
        )
        t_s = frame.t_capture_ns * 1e-9 if self._live else frame.t_s
        self.add(camera, Sample(t_s, frame.index, frame.t_capture_ns, people))

    def add(self, camera: int, sample: Sample) -> None:
        """Take what a camera saw in a frame."""
        self._alignment.put(camera, sample)

    def finish(self, camera: int) -> None:
        """A camera has ended."""
        self._alignment.finish(camera)

    def poll(self) -> None:
        """Correct clocks that differ; called several times a second by the main loop."""
        if self._realtime:
            self._correct_clocks()

    def _correct_clocks(self) -> None:
        for line in self.watch.poll():
            self._warn(line)
        for camera, seconds in enumerate(self.watch.corrections_s):
            self._alignment.shift(camera, seconds)

    def __iter__(self) -> Iterator[FrameResult]:
        for moment in self._alignment:
            self.reader.latest_s = time.monotonic()
            self._moments += 1
            if self._begin_s is None:
                self._begin_s = moment.t_s if self._live else 0.0
            frame = Frame(ROOM, moment.index, moment.t_capture_ns, moment.t_s - self._begin_s, NO_IMAGE)
            try:
                result = self._fuse(frame, moment)
            except Exception as raised:
                self.pipeline.timings.lost("failed", frame)
                self._errors.failed(frame, raised)
                continue
            self._errors.passed()
            if not self._realtime:  # between moments, so that files give the same bodies at any speed
                self._correct_clocks()
            yield result
        self._errors.finish()

    def stop(self) -> None:
        """The room ends with its cameras."""

    def close(self, timeout_s: float | None = None) -> None:
        """End the iteration; cameras no longer wait."""
        self._alignment.close()

    def __enter__(self) -> RoomResults:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fuse(self, frame: Frame, moment: AlignedViews) -> FrameResult:
        with self.pipeline.timings.measure("fuse", frame):
            found = self.fusion(moment.t_s, moment.views)
        with self.pipeline.timings.measure("watch", frame):
            for line in self.watch.observe(found):
                self._warn(line)
            self.fusion.distrust(self.watch.displaced)
        rotations = self.wants_rotations() and found.bodies.surfaced
        rig_pose = self._rig_pose(frame, found.bodies) if rotations else None
        return FrameResult(frame, ROOM_CAMERA, found.bodies, rig_pose)

    def _rig_pose(self, frame: Frame, bodies: Bodies) -> RigPose:
        assert bodies.rotations is not None
        assert bodies.shape is not None
        with self.pipeline.timings.measure("rig_error", frame):
            return self._rig_fitter.measure(bodies, bodies.rotations, bodies.shape)

    def _warn(self, line: str) -> None:
        log.warning("%s", line)
        with self._lock:
            if line not in self.reader.source.warnings:
                self.reader.source.warnings.append(line)
                del self.reader.source.warnings[:-100]


def feed(results: RoomResults, camera: int) -> Callable[[FrameResult], None]:
    """The function that takes the results of a camera."""

    def put(result: FrameResult) -> None:
        results.put(camera, result)

    return put
