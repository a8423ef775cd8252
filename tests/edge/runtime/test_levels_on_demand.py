"""Surfaces are computed while a client subscribes to a level that needs them, from the next frame on."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from calibration.camera import Camera
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.outputs import Outputs, StreamFiles
from edge.stages.rig_pose import Pose, Skin
from edge.timing import Timings
from edge.types import F32, I32, Bodies, Frame, SurfaceUse
from edge.wire.publisher import Publisher
from engines.body.skinning import Skinner
from meshcast.subscriber import subscribe
from tests.support.open_rig import BODY, open_model, posed_rigs, seen, standing

MODEL = open_model()
ROOT = np.array([[0.2, -0.1, 3.5]], np.float32)
PATIENCE_S = 60.0  # a limit for failures only


class Publishing:
    """The last stage and the publisher of a stream, frame by frame: how often the body was skinned."""

    def __init__(self, publisher: Publisher) -> None:
        self.outputs = Outputs(StreamFiles(), MODEL, Timings(), 30.0, publisher, stream="a")
        self.skinned = 0
        self._skin = Skin(BODY, MODEL, lambda: self.outputs.surface_use("a"), self._skinner_of)
        self._posed, self._bodies = posed_rigs(standing(), ROOT), seen(standing(), ROOT)[2]
        self._frames = 0

    def frame(self) -> Bodies:
        """Skin and publish one frame."""
        bodies = self._skin(self._posed, self._bodies)
        frame = Frame("a", self._frames, time.monotonic_ns(), self._frames / 30, np.zeros((48, 64, 3), np.uint8))
        self.outputs.write(FrameResult(frame, Camera.from_fov((64, 48), 60.0), bodies))
        self._frames += 1
        return bodies

    def _skinner_of(self, chosen: I32 | None) -> Pose:
        skinner = Skinner(BODY, chosen=chosen)

        def pose(rotations: F32, shape: F32, translation: F32) -> tuple[F32, F32]:
            self.skinned += 1
            return skinner(rotations, shape, translation)

        return pose


@pytest.mark.parametrize("level", ["mesh", "mesh-lod", "joints"])
def test_surface_follows_the_subscriptions(level: Any) -> None:
    with Publisher("tcp://127.0.0.1:0", MODEL, streams=["a"]) as publisher:
        publishing = Publishing(publisher)
        for _ in range(3):
            assert not publishing.frame().surfaced
        assert publishing.skinned == 0
        whole = Skin(BODY, MODEL)(posed_rigs(standing(), ROOT), seen(standing(), ROOT)[2])
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(0.003):
                publishing.frame()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            with subscribe(publisher.address, levels=(level,), timeout_s=PATIENCE_S) as packets:
                people = next(packets).people
        finally:
            stop.set()
            thread.join()
        np.testing.assert_allclose(people.joints, whole.joints, atol=1e-4)
        assert publishing.skinned > 0
        deadline_s = time.monotonic() + PATIENCE_S
        while publishing.outputs.surface_use("a") is not SurfaceUse.NONE and time.monotonic() < deadline_s:
            publishing.frame()  # until the publisher knows that the client has left
        before = publishing.skinned
        assert not publishing.frame().surfaced
        assert publishing.skinned == before
