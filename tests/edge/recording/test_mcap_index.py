"""Random access to a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.errors import RecordingError
from edge.recording.mcap_file import RecordingWriter
from edge.recording.mcap_index import NOWHERE, RecordingIndex
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Frame
from edge.wire.previews import PreviewConfig
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket, ModelPacket, PreviewPacket
from tests.support import golden_packets
from tests.support.recordings import EACH_MESSAGE

FPS = 30
CAMERA = Camera.from_fov((64, 48), 60.0)


def write(path: Path, frames: int = 40, levels: tuple[str, ...] = ("joints", "mesh", "preview")) -> Path:
    """A recording with two chunks at least; every third frame has a preview."""
    world = WorldPose.of_height(1.2, 0.0, 0.0)
    config = RecordConfig(path, levels, previews=PreviewConfig(fps=FPS / 3))
    recorder = StreamRecorder(
        config, "cam0", golden_packets.model(), writer=RecordingWriter(path, flush_s=EACH_MESSAGE)
    )
    camera = Camera(CAMERA.size, CAMERA.K, CAMERA.distortion, world=world)
    for index in range(frames):
        frame = Frame("cam0", index, 10**9 + index, index / FPS, np.full((48, 64, 3), index, np.uint8))
        recorder.add(frame, golden_packets.bodies(1), camera, None)
    assert recorder.close()
    return path


def test_recording_index_finds_every_frame_and_its_preview(tmp_path: Path) -> None:
    index = RecordingIndex(write(tmp_path / "a.mcap"))
    stream = index.streams["cam0"]
    assert (set(stream.levels), stream.has_previews) == ({"joints", "mesh"}, True)
    np.testing.assert_allclose(np.diff(stream.times_s), 1 / FPS, atol=1e-6)
    assert stream.floor is not None
    assert stream.floor.height_m == pytest.approx(1.2)
    for row in (39, 0, 17, 18):
        (place,) = stream.places("mesh", row, row + 1)
        packet = decode(index.message(place))
        assert isinstance(packet, FramePacket)
        assert (packet.level, packet.frame_index) == ("mesh", row)
    found = {row: place for row, place in enumerate(stream.places("preview", 0, 40)) if place != NOWHERE}
    assert 12 <= len(found) <= 15
    for row, place in found.items():
        preview = decode(index.message(place))
        assert isinstance(preview, PreviewPacket)
        assert preview.frame_index == row
    assert all(isinstance(decode(index.message(place)), ModelPacket) for place in stream.models)
    assert stream.places("params", 0, 2) == [NOWHERE, NOWHERE]


def test_recording_index_of_a_truncated_file_has_its_beginning(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap")
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    index = RecordingIndex(cut)
    assert index.truncated
    assert 5 < len(index.streams["cam0"].times_s) < 40


def test_recording_index_without_frames_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.mcap"
    with RecordingWriter(path) as writer:
        writer.close()
    with pytest.raises(RecordingError, match="no frame"):
        RecordingIndex(path)


def test_recording_index_notices_a_file_that_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap")
    index = RecordingIndex(path)
    (place,) = index.streams["cam0"].places("mesh", 30, 31)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RecordingError):
        index.message(place)
