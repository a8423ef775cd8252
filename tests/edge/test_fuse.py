"""The fusion of published cameras."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from calibration.rig_file import Rig, write_rig
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from edge.fuse import FuseConfig, fuse
from edge.room.config import RoomConfig
from edge.room_config import fused_setup
from edge.run_config import OutputConfig
from edge.types import Bodies, Frame, RigPose
from edge.wire.publisher import Publisher
from tests.support.commands import Command, load
from tests.support.rooms import SIZE, Room, around, body_and_model


class Cameras:
    """Publishes what the cameras of a room see, each at its own address, until it is stopped."""

    def __init__(self, room: Room, names: list[str], *, axes: str = "opencv") -> None:
        _, model = body_and_model()
        self._room, self._names = room, names
        self.publishers = [Publisher("tcp://127.0.0.1:0", model, streams=[name], axes=axes) for name in names]
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.stopping = threading.Event()

    def __enter__(self) -> Cameras:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._thread.join()
        for publisher in self.publishers:
            publisher.close()

    def _work(self) -> None:
        _, model = body_and_model()
        sent = 0
        while not self.stopping.is_set() and sent < 400:
            ready = all(publisher.subscribers for publisher in self.publishers)
            for camera, (publisher, name) in enumerate(zip(self.publishers, self._names, strict=True)):
                now = time.monotonic_ns()
                view = self._room.view(camera, sent / 30)
                assert view is not None
                none = np.zeros((len(view), len(model.joint_names), 3), np.float32)
                bodies = Bodies(
                    view.ids,
                    view.keypoints[..., 2].mean(1),
                    view.keypoints,
                    none,
                    np.zeros((len(view), len(model.rest_vertices), 3), np.float32),
                    view.translation,
                    visibility=view.visibility,
                )
                frame = Frame(name, sent, now, sent / 30, np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
                posed = RigPose(view.rotations, view.shape, np.zeros(len(view), np.float32))
                publisher.publish(frame, bodies, self._room.cameras[camera].camera, posed)
            sent += ready
            self.stopping.wait(0.01)
        for publisher, name in zip(self.publishers, self._names, strict=True):
            publisher.end(name, "enough")


def rig_of(room: Room, path: Path) -> Path:
    write_rig(path, Rig({camera.name: camera.camera for camera in room.cameras}))
    return path


def until(cameras: Cameras, seconds: float) -> None:
    """Stop the cameras after some time."""
    timer = threading.Timer(seconds, cameras.stopping.set)
    timer.daemon = True
    timer.start()


@pytest.mark.parametrize("axes", ["opencv", "unreal"])
def test_fuse_two_publishers_gives_one_person_in_the_room(axes: str, tmp_path: Path) -> None:
    room = Room(around(2), 1, seed=1)
    setup = fused_setup(rig_of(room, tmp_path / "rig.toml"), (), "room", RoomConfig())
    with Cameras(room, ["cam0", "cam1"], axes=axes) as cameras:
        until(cameras, 2.5)
        result = fuse(
            FuseConfig(
                setup,
                tuple(publisher.address for publisher in cameras.publishers),
                OutputConfig(save=tmp_path / "room.npz"),
                timeout_s=10.0,
                quiet=True,
            )
        )
    assert result.problems == ()
    assert (result.exit_code, result.written) == (EXIT_WHOLE, (tmp_path / "room.npz",))
    saved = load(tmp_path / "room.npz")
    assert set(saved["id"].tolist()) == {0}
    assert (saved["views"].sum(1) == 2).mean() > 0.5
    assert np.linalg.norm(saved["translation"][:, :2], axis=1).max() < 3
    assert 0.6 < np.median(saved["translation"][:, 2]) < 1.2


def test_fuse_streams_that_are_not_of_the_rig_are_named(tmp_path: Path) -> None:
    room = Room(around(2), 1)
    setup = fused_setup(rig_of(room, tmp_path / "rig.toml"), (), "room", RoomConfig())
    with Cameras(room, ["cam0", "cam7"]) as cameras:
        until(cameras, 1.5)
        result = fuse(
            FuseConfig(
                setup,
                tuple(publisher.address for publisher in cameras.publishers),
                OutputConfig(save=tmp_path / "room.npz"),
                timeout_s=1.0,
                quiet=True,
            )
        )
    assert any("its stream cam7 is no camera of the rig (did you mean cam" in line for line in result.problems)
    assert "cam1: no frame arrived" in result.problems


def test_fuse_without_publisher_ends_with_one_line(meshcast: Command, tmp_path: Path) -> None:
    rig = rig_of(Room(around(2), 1), tmp_path / "rig.toml")
    said = meshcast("fuse", rig, "tcp://127.0.0.1:9", "--save", tmp_path / "r.npz", "--timeout", "0.3", "--quiet")
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "no stream of cam0, cam1 received" in said.errors[0]
    assert not (tmp_path / "r.npz").exists()


def test_fuse_without_output_and_with_unknown_camera_are_usage_errors(meshcast: Command, tmp_path: Path) -> None:
    rig = rig_of(Room(around(2), 1), tmp_path / "rig.toml")
    assert meshcast("fuse", rig, "tcp://127.0.0.1:9").code == EXIT_USAGE
    said = meshcast("fuse", rig, "tcp://127.0.0.1:9", "--save", tmp_path / "r.npz", "--stream", "cam9")
    assert said.code == EXIT_USAGE
    assert "has no such camera" in said.errors[0]
