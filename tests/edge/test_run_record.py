"""`meshcast run --record`: recordings of a run without a publisher, replayed and exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from edge.recording.camera_pose import read_camera_pose
from edge.recording.mcap_file import Recording
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket
from tests.support.commands import Command, load
from tests.support.exports import Glb


def frames_of(path: Path) -> list[FramePacket]:
    packets = (decode(each.message) for each in Recording(path))
    return [packet for packet in packets if isinstance(packet, FramePacket)]


def test_run_recorded_bodies_are_the_saved_ones(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.mcap"
    said = meshcast(
        *("run", person_clip, "--record", out, "--record-levels", "params,joints", "--save", tmp_path / "a.npz"),
        *("--camera-height", "1.5", "--tilt", "10", "--max-frames", "4"),
    )
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert f"wrote {out}" in said.out
    frames, saved = frames_of(out), load(tmp_path / "a.npz")
    params = [packet for packet in frames if packet.level == "params"]
    assert [packet.frame_index for packet in params] == list(range(4))
    assert len(frames) == 8
    rows = np.concatenate([packet.people.rotvecs for packet in params])
    assert np.abs(rows - saved["rotations"]).max() < 2e-3
    places = np.concatenate([packet.people.translation for packet in params])
    assert places == pytest.approx(saved["translation"], abs=1e-4)
    pose = read_camera_pose(Recording(out), "person")
    assert pose is not None
    assert pose.floor.height_m == pytest.approx(1.5)
    assert pose.floor.tilt_deg == pytest.approx(10)
    assert meshcast("export", out, tmp_path / "a.glb").code == EXIT_WHOLE
    assert any(node["name"] == "floor" for node in Glb((tmp_path / "a.glb").read_bytes()).tree["nodes"])


def test_run_several_sources_are_recorded_apart(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, blank_clip, "--record", tmp_path / "{stream}.mcap", "-q")
    assert said.code == EXIT_WHOLE
    assert {path.name for path in tmp_path.iterdir()} == {"blank-1.mcap", "blank-2.mcap"}
    for number in (1, 2):
        packets = frames_of(tmp_path / f"blank-{number}.mcap")
        assert {packet.stream for packet in packets} == {f"blank-{number}"}
        assert len(packets) == 15


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--record", "a.mp4"), EXIT_INPUT, "a.mp4: unsupported file type; use .mcap"),
        (("--record", "nowhere/a.mcap"), EXIT_INPUT, "the folder"),
        (("--record", "a.mcap", "--record-levels", "all"), EXIT_USAGE, "unknown level 'all' to record; choose from"),
    ],
)
def test_run_unusable_recording_is_an_error_at_once(
    meshcast: Command,
    blank_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = meshcast("run", blank_clip, *words)
    assert said.code == code
    assert problem in said.err
    assert not list(tmp_path.iterdir())
