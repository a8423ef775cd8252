"""Recordings in files that follow one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from calibration.camera import Camera
from edge.recording.file_series import FIELD, FileSeries, Rotation
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Bodies, BodyModel, Frame, RigPose


class RotatingRecorder:
    """Records a stream into files named after the local time of their first frame, by the pattern of `config.path`.

    Every file is complete in itself.

    Attributes:
        path: the latest file; before the first one the pattern.
        rotations: whether rig poses are recorded.
    """

    def __init__(
        self,
        config: RecordConfig,
        stream: str,
        model: BodyModel,
        rotation: Rotation,
        *,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """
        Args:
            config: with {date} in the name of the file.
            stream: name of the stream.
            model: its body model.
            rotation: when files end.
            now: the local time.

        Raises:
            OutputError: the folder cannot be written, or the body has none of the levels.
        """
        self.path = config.path
        self._config, self._stream, self._model = config, stream, model
        self._series = FileSeries(config.path, rotation, now=now)
        self._begun_s: float | None = None  # stream time of the first frame of the file
        self._kept = False
        recorder = self._next()
        self._recorder: StreamRecorder | None = recorder  # None: closed
        self.rotations = recorder.rotations

    def add(self, frame: Frame, bodies: Bodies, camera: Camera, rig_pose: RigPose | None) -> None:
        """Add a frame, to a new file if the last one has reached its end. Raises like StreamRecorder.add()."""
        if self._recorder is not None and self._due(self._recorder, frame):
            self._finish()
        if self._recorder is None:
            self._recorder, self._begun_s = self._next(), None
        self._recorder.add(frame, bodies, camera, rig_pose)
        if self._begun_s is None:
            self._begun_s = frame.t_s

    def close(self) -> bool:
        """Finish the last file. Returns whether there is any file. Raises OutputError."""
        self._finish()
        return self._kept

    def abort(self) -> None:
        """Remove the unfinished file; the files before it stay."""
        if self._recorder is not None:
            self._recorder.abort()

    def _due(self, recorder: StreamRecorder, frame: Frame) -> bool:
        return self._begun_s is not None and self._series.due(frame.t_s - self._begun_s, recorder.size)

    def _finish(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None and recorder.close():
            self._kept = True
            self._series.finished(self.path)

    def _next(self) -> StreamRecorder:
        self.path = self._series.next()
        return StreamRecorder(replace(self._config, path=self.path), self._stream, self._model)


def recorder_of(
    config: RecordConfig, stream: str, model: BodyModel, rotation: Rotation | None
) -> StreamRecorder | RotatingRecorder:
    """A recorder of one file, or of several if {date} is in the name. Raises OutputError."""
    if FIELD in config.path.name:
        return RotatingRecorder(config, stream, model, rotation or Rotation())
    return StreamRecorder(config, stream, model)
