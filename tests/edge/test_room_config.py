"""The room of a run: a rig and its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.rig_file import Rig, RigError, write_rig
from edge.errors import UsageError
from edge.room.config import RoomConfig
from edge.room_config import fused_setup, room_setup
from tests.support.rooms import SIZE, around


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    write_rig(tmp_path / "rig.toml", Rig({camera.name: camera.camera for camera in around(3)}))
    return tmp_path / "rig.toml"


def test_setup_without_names_takes_all_cameras_in_their_order(rig: Path) -> None:
    setup = room_setup(rig, 3, (), "room")
    assert setup.names == ("cam0", "cam1", "cam2")
    assert [camera.name for camera in setup.cameras()] == list(setup.names)
    assert setup.check([SIZE, None, (2 * SIZE[0], 2 * SIZE[1])]) == []


def test_setup_with_names_takes_those(rig: Path) -> None:
    assert room_setup(rig, 2, ("cam2", "cam0"), "room").names == ("cam2", "cam0")
    assert fused_setup(rig, ("cam1", "cam2", "cam1"), "room", RoomConfig()).names == ("cam1", "cam2")


@pytest.mark.parametrize(
    ("sources", "names", "error", "line"),
    [
        (2, (), RigError, "has 3 cameras (cam0, cam1, cam2), and there are 2 sources"),
        (2, ("cam0",), UsageError, "2 sources and 1 names"),
        (2, ("cam0", "cm1"), UsageError, "has no such camera (did you mean cam1?)"),
        (1, ("cam0",), RigError, "a room needs 2 sources or more"),
        (3, (), RigError, "a camera cannot be called cam1"),
    ],
)
def test_setup_that_does_not_go_with_the_sources_is_an_error(
    sources: int, names: tuple[str, ...], error: type[Exception], line: str, rig: Path
) -> None:
    with pytest.raises(error) as raised:
        room_setup(rig, sources, names, "cam1" if "called" in line else "room")
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def test_setup_of_another_image_size_names_the_camera(rig: Path) -> None:
    with pytest.raises(RigError, match="camera cam1 is for 1280 x 720 pixels, its source has 640 x 480"):
        room_setup(rig, 3, (), "room").check([SIZE, (640, 480), SIZE])
