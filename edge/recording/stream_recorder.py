"""Records the frames of one stream in the process that computes them, without a publisher."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from calibration.camera import Camera
from edge.errors import OutputError, UsageError
from edge.recording.camera_pose import write_camera_pose
from edge.recording.mcap_file import RecordingWriteError, RecordingWriter
from edge.stages.inverse_kinematics import can_fit
from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.frames import FrameEncoder, PublishTime
from edge.wire.model import ModelEncoder
from edge.wire.previews import Pace, PreviewConfig, PreviewEncoder
from edge.wire.stream_messages import StreamMessages
from meshcast.protocol.layout import COMMON_HEADER, LEVELS, TOPIC_PREFIXES, Kind, read_header, read_kind

PREVIEW = TOPIC_PREFIXES[Kind.PREVIEW]
STATUS_S = 1.0  # of the stream's time between two status messages


@dataclass(frozen=True, slots=True)
class RecordConfig:
    """A recording of a run.

    Attributes:
        path: the .mcap file.
        levels: levels of detail to record: "params", "joints", "mesh-lod", "mesh"; "preview" for the camera's image.
        axes: coordinate system: "opencv", "unity", "unreal" or "gltf".
        previews: rate, size and quality of the previews.
    """

    path: Path
    levels: tuple[str, ...] = ("params", "joints", "mesh")
    axes: str = "opencv"
    previews: PreviewConfig = field(default_factory=PreviewConfig)

    def __post_init__(self) -> None:
        known = *LEVELS, PREVIEW
        if unknown := [level for level in self.levels if level not in known]:
            raise UsageError(f"unknown level {unknown[0]!r} to record; choose from {', '.join(known)}")
        if self.path.suffix.lower() != ".mcap":
            raise OutputError(f"{self.path}: unsupported file type; use .mcap")


class StreamRecorder:
    """Writes what a publisher would send of a stream: the model, each frame at the wanted levels, and the status.

    The file has the times of the stream: a frame is captured at its time in the stream, counted from the first one,
    and published as much later as it took. A file that is processed faster than it plays is thus replayed at its own
    speed. Raises OutputError at once if the file cannot be written, or if the body has none of the levels.
    """

    def __init__(
        self, config: RecordConfig, stream: str, model: BodyModel, *, writer: RecordingWriter | None = None
    ) -> None:
        """
        Args:
            config: file, levels and axes.
            stream: name of the stream.
            model: body model of the stream.
            writer: of the file; None: of config.path.
        """
        rig, lod = can_fit(model), model.lod is not None
        self._wanted = {
            LEVELS[level]
            for level in config.levels
            if level in LEVELS and (rig or level != "params") and (lod or level != "mesh-lod")
        }
        if not self._wanted:
            missing = ", ".join(config.levels)
            raise OutputError(f"{config.path}: body model {model.name} has no {missing}; record the level mesh")
        frames = FrameEncoder(config.axes, model.lod.vertices if model.lod is not None else None)
        self.path = config.path
        self._messages = StreamMessages(stream, secrets.randbits(32), model, ModelEncoder(model, config.axes), frames)
        self._writer = writer or RecordingWriter(config.path)
        self._previews = PreviewEncoder(config.previews) if PREVIEW in config.levels else None
        self._pace = Pace(config.previews.fps)
        self._kept: bool | None = None  # after an error of the writer
        self._first: tuple[float, PublishTime] | None = None  # time of the first frame in the stream, and when it came
        self._last = PublishTime(0, 0)
        self._status_due_s = 0.0

    @property
    def rotations(self) -> bool:
        """Whether rig poses are recorded."""
        return Kind.PARAMS in self._wanted

    @property
    def size(self) -> int:
        """Bytes written so far, without those of the last second."""
        return self._writer.size

    def add(self, frame: Frame, bodies: Bodies, camera: Camera, rig_pose: RigPose | None) -> None:
        """Add the people of one frame, possibly none.

        Args:
            frame: of the stream, later than the one before.
            bodies: in meters in the camera's frame.
            camera: of this frame; its pose in the first frame is recorded.
            rig_pose: the same people as a pose of the rig, if `rotations`.

        Raises:
            OutputError: the file cannot be written; close() keeps the frames before.
            WireError: a number cannot be encoded; the frame is left out.
        """
        now = PublishTime.now()
        age_ns = max(0, now.monotonic_ns - frame.t_capture_ns)
        if self._first is None:
            self._begin(frame, PublishTime(now.unix_ns - age_ns, now.monotonic_ns - age_ns), camera)
        assert self._first is not None
        begin_s, begin = self._first
        position_ns = round((frame.t_s - begin_s) * 1e9)
        published_ns = max(position_ns + age_ns, self._last.monotonic_ns - begin.monotonic_ns)
        self._last = PublishTime(begin.unix_ns + published_ns, begin.monotonic_ns + published_ns)
        captured = replace(frame, t_capture_ns=begin.monotonic_ns + position_ns)
        try:
            messages = list(self._messages.frame(captured, bodies, camera, rig_pose, self._wanted, self._last))
        finally:
            self._messages.count_frame()
        if self._previews is not None and all(frame.pixels.shape) and self._pace.takes(frame.t_s):
            messages.append(self._messages.preview(captured, camera, self._previews, self._last))
        if frame.t_s >= self._status_due_s:
            self._status_due_s = frame.t_s + STATUS_S
            messages.append(self._messages.status(self._last))
        self._write(messages)

    def close(self) -> bool:
        """Finish the file. Returns False if it has no frame: then there is no file. Raises OutputError."""
        if self._kept is not None:
            return self._kept
        if self._first is None:
            self._writer.discard()
            return False
        self._messages.end("the recording has ended")
        self._add(self._messages.status(self._last))
        self._writer.close()
        return True

    def abort(self) -> None:
        """Remove the unfinished file. No effect after close()."""
        if self._kept is None:
            self._writer.discard()

    def _begin(self, frame: Frame, captured: PublishTime, camera: Camera) -> None:
        self._first, self._last = (frame.t_s, captured), captured
        self._write([self._messages.model(captured)])
        if camera.world is not None:
            with self._ending_early():
                write_camera_pose(self._writer, frame.stream, camera.world)

    def _write(self, messages: list[bytes]) -> None:
        with self._ending_early():
            for message in messages:
                self._add(message)

    def _add(self, message: bytes) -> None:
        kind = read_kind(message)
        self._writer.add(kind, read_header(message, COMMON_HEADER, kind), self._last.unix_ns, message)

    @contextmanager
    def _ending_early(self) -> Iterator[None]:
        """Remember whether the messages before an error are kept: close() tells."""
        try:
            yield
        except RecordingWriteError as error:
            self._kept = error.kept
            raise OutputError(error.problem) from None
