"""The pose of a stream's camera in a recording, as metadata: messages hold the intrinsics only."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from calibration.camera import ROTATION_TOLERANCE
from calibration.world import WorldPose
from edge.errors import RecordingError
from edge.recording.mcap_file import Recording, RecordingWriter

METADATA = "meshcast.camera"


def write_camera_pose(writer: RecordingWriter, stream: str, pose: WorldPose) -> None:
    """Add the pose of the stream's camera to a recording. Raises OutputError."""
    values = {"rotation": json.dumps(pose.rotation.tolist()), "translation": json.dumps(pose.translation.tolist())}
    writer.add_metadata(METADATA, {"stream": stream} | values)


def read_camera_pose(recording: Recording, stream: str) -> WorldPose | None:
    """Read the last pose of the stream's camera, None if there is none. Raises RecordingError."""
    latest = None
    for values in recording.metadata(METADATA):
        if values.get("stream") == stream:
            latest = values
    if latest is None:
        return None
    try:
        rotation = np.array(json.loads(latest["rotation"]), np.float64)
        translation = np.array(json.loads(latest["translation"]), np.float64)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        rotation = translation = np.zeros(0)
    if not (_is_rotation(rotation) and translation.shape == (3,) and np.isfinite(translation).all()):
        raise RecordingError(f"{recording.path}: the pose of the camera of {stream} is damaged; give --camera")
    return WorldPose(rotation, translation)


def _is_rotation(matrix: NDArray[np.float64]) -> bool:
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or np.linalg.det(matrix) < 0:
        return False
    return np.allclose(matrix @ matrix.T, np.eye(3), atol=ROTATION_TOLERANCE)
