"""Runs with a rig: the fused stream beside those of the cameras, and rigs that do not go with the sources."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.rig_file import Rig, write_rig
from calibration.world import WorldPose
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket
from tests.support.commands import Command, load, report
from tests.support.rooms import look_at

SIZE = (320, 240)


def rig_file(path: Path, size: tuple[int, int] = SIZE, **cameras: Camera) -> Path:
    """A rig of two cameras side by side that look at a person."""
    pair = cameras or {"left": look_at((-0.3, -3.5, 1.2), (0, 0, 1)), "right": look_at((0.3, -3.5, 1.2), (0, 0, 1))}
    K = np.array([[300.0, 0, size[0] / 2], [0, 300.0, size[1] / 2], [0, 0, 1]])
    write_rig(path, Rig({name: replace(camera, size=size, K=K) for name, camera in pair.items()}))
    return path


@pytest.fixture
def clip_size(person_clip: Path) -> tuple[int, int]:
    from edge.sources import open_source

    with open_source(str(person_clip)) as source:
        assert source.size is not None
        return source.size


def test_run_rig_writes_the_room_beside_its_cameras(
    meshcast: Command, person_clip: Path, clip_size: tuple[int, int], tmp_path: Path
) -> None:
    rig = rig_file(tmp_path / "rig.toml", clip_size)
    said = meshcast(
        *("run", person_clip, person_clip, "--rig", rig, "--max-frames", "5"),
        *("--save", tmp_path / "{stream}.npz", "--record", tmp_path / "room.mcap", "--summary", tmp_path / "s.json"),
    )
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    streams = report(tmp_path / "s.json")["streams"]
    assert list(streams) == ["left", "right", "room"]
    assert [stream["frames"] for stream in streams.values()] == [5, 5, 5]
    room = load(tmp_path / "room.npz")
    assert room["cameras"].tolist() == ["left", "right"]
    assert room["views"].shape == (len(room["id"]), 2)
    assert set(room["frame"].tolist()) <= set(range(5))
    assert len(room["id"]) > 0
    assert room["joints"][..., 2].mean() > 0.2  # z is up
    assert "views" not in load(tmp_path / "left.npz")
    assert (tmp_path / "room.mcap").stat().st_size > 1000


def test_run_rig_recording_holds_packets_of_a_room(
    meshcast: Command, person_clip: Path, clip_size: tuple[int, int], tmp_path: Path
) -> None:
    rig = rig_file(tmp_path / "rig.toml", clip_size)
    said = meshcast(
        *("run", person_clip, person_clip, "--rig", rig, "--max-frames", "3", "--save", tmp_path / "room.npz"),
        *("--record", tmp_path / "room.mcap", "--record-levels", "joints"),
    )
    assert said.code == EXIT_WHOLE
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["rig.toml", "room.mcap", "room.npz"]
    from mcap.reader import make_reader

    with (tmp_path / "room.mcap").open("rb") as file:
        packets = [decode(message.data) for _, _, message in make_reader(file).iter_messages()]
    frames = [packet for packet in packets if isinstance(packet, FramePacket)]
    assert {frame.stream for frame in frames} == {"room"}
    saved = load(tmp_path / "room.npz")
    first = saved["translation"][saved["frame"] == frames[0].frame_index]
    x, y, z = first[0]
    np.testing.assert_allclose(frames[0].people.translation[0], [x, -z, y], atol=1e-5)
    assert frames[0].people.views is not None
    assert frames[0].camera is None


def test_run_rig_with_names_uses_some_of_its_cameras(
    meshcast: Command, person_clip: Path, clip_size: tuple[int, int], tmp_path: Path
) -> None:
    three = {name: look_at((x, -3.5, 1.2), (0, 0, 1)) for name, x in (("a", -0.4), ("b", 0.0), ("c", 0.4))}
    rig = rig_file(tmp_path / "rig.toml", clip_size, **three)
    said = meshcast(
        *("run", person_clip, person_clip, "--rig", rig, "--stream", "c", "--stream", "a", "--max-frames", "2"),
        *("--save", tmp_path / "{stream}.npz"),
    )
    assert said.code == EXIT_WHOLE
    assert load(tmp_path / "room.npz")["cameras"].tolist() == ["c", "a"]


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        ((), EXIT_INPUT, "a room needs 2 sources or more; leave --rig out for one camera"),
        (("--stream", "left"), EXIT_INPUT, "a room needs 2 sources or more; leave --rig out for one camera"),
        (("--stream", "lft"), EXIT_USAGE, "--stream lft: "),
        (("--camera", "x.toml"), EXIT_USAGE, "--rig has the cameras"),
    ],
)
def test_run_rig_that_does_not_go_with_the_sources_is_an_error(
    options: tuple[str, ...], code: int, line: str, meshcast: Command, person_clip: Path, tmp_path: Path
) -> None:
    rig = rig_file(tmp_path / "rig.toml")
    said = meshcast("run", person_clip, "--rig", rig, *options)
    assert said.code == code
    assert len(said.errors) == 1
    assert line in said.errors[0]


def test_run_rig_unknown_camera_is_suggested(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    rig = rig_file(tmp_path / "rig.toml")
    said = meshcast("run", person_clip, person_clip, "--rig", rig, "--stream", "left", "--stream", "rigth")
    assert said.code == EXIT_USAGE
    assert "(did you mean right?)" in said.errors[0]


def test_run_rig_of_another_size_is_an_error_before_any_work(
    meshcast: Command, person_clip: Path, tmp_path: Path
) -> None:
    rig = rig_file(tmp_path / "rig.toml", (640, 200))
    said = meshcast("run", person_clip, person_clip, "--rig", rig)
    assert said.code == EXIT_INPUT
    assert "camera left is for 640 x 200 pixels" in said.errors[0]


def test_run_rig_without_common_view_is_an_error(
    meshcast: Command, person_clip: Path, clip_size: tuple[int, int], tmp_path: Path
) -> None:
    apart = {"a": look_at((0, 0, 2), (5, 0, 1)), "b": look_at((-1, 0, 2), (-6, 0, 1))}
    rig = rig_file(tmp_path / "rig.toml", clip_size, **apart)
    said = meshcast("run", person_clip, person_clip, "--rig", rig)
    assert said.code == EXIT_INPUT
    assert "no two cameras see the same place" in said.errors[0]


def test_run_rig_camera_called_room_is_an_error(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    pair = {"room": look_at((-0.3, -3.5, 1.2), (0, 0, 1)), "b": look_at((0.3, -3.5, 1.2), (0, 0, 1))}
    rig = rig_file(tmp_path / "rig.toml", **pair)
    said = meshcast("run", person_clip, person_clip, "--rig", rig)
    assert said.code == EXIT_INPUT
    assert "a camera cannot be called room" in said.errors[0]


def test_pose_of_the_room_is_upright() -> None:
    from calibration.world import ROOM_POSE

    assert isinstance(ROOM_POSE, WorldPose)
    np.testing.assert_allclose(ROOM_POSE.floor.up, [0, -1, 0])
    assert ROOM_POSE.floor.height_m == 0
