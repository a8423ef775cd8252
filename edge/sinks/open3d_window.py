"""A desktop window of a stream, in a process of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import multiprocessing
import os
import tempfile
from collections import deque
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from edge.errors import DisplayClosed, OutputError
from edge.render.meshes import outlined_text, text_scale
from edge.render.palette import color_of
from edge.render.skeleton import bone_lines
from edge.render.undistort import Undistortion
from edge.sinks.open3d_people import ScenePeople
from edge.sinks.open3d_process import READY, TAKEN, show
from edge.text import one_line
from edge.types import U8, Bodies, BodyModel, Frame, Tracks
from engines.files.install_hint import install_hint

log = logging.getLogger("meshcast.sinks")

START_S = 60.0  # until the window is open
ANSWER_S = 30.0  # until a scene is shown
CLOSE_S = 5.0
LONGEST_PX = 1280  # longer images are scaled to it
FPS_WINDOW = 60


def check_open3d() -> None:
    """Raise OutputError if the package is missing."""
    if importlib.util.find_spec("open3d") is None:
        raise OutputError(f"--open3d: needs the package open3d; {install_hint('viewer')}")


class Open3DWindow:
    """Shows one stream in a window of Open3D: the image with boxes, bodies over it, or both from elsewhere.

    One thread uses it. write() raises DisplayClosed once the user has closed the window, and OutputError if it ended
    otherwise.
    """

    def __init__(self, stream: str, model: BodyModel) -> None:
        """
        Args:
            stream: name of the stream, the window's title.
            model: of its bodies.
        """
        check_open3d()
        lod = model.lod
        self._vertices = None if lod is None else lod.vertices
        self._parents = model.parents
        descriptor, log_path = tempfile.mkstemp(prefix="meshcast-open3d-", suffix=".log")
        os.close(descriptor)
        self._log_path = Path(log_path)
        self._undistortion: tuple[Camera, Undistortion] | None = None
        self._arrived_s: deque[float] = deque(maxlen=FPS_WINDOW)
        self._opened = False
        processes = multiprocessing.get_context("spawn")
        self._connection, theirs = processes.Pipe()
        faces = np.ascontiguousarray(model.faces if lod is None else lod.faces)
        self._process = processes.Process(
            target=show, args=(theirs, f"meshcast {stream}", faces, log_path), name="meshcast-open3d", daemon=True
        )
        self._process.start()
        theirs.close()

    def write(
        self, frame: Frame, bodies: Bodies, camera: Camera, tracks: Tracks | None, *, age_ms: float, now_s: float
    ) -> None:
        """Show a frame.

        Args:
            frame: of the stream.
            bodies: the people in it.
            camera: of the frame.
            tracks: all tracked people.
            age_ms: of the frame.
            now_s: monotonic time.

        Raises:
            DisplayClosed: the user has closed the window.
            OutputError: the window ended otherwise.
        """
        self._arrived_s.append(now_s)
        image, K, size = self._image(frame, camera, tracks)
        vertices = bodies.vertices if self._vertices is None else bodies.vertices[:, self._vertices]
        world = camera.world
        floor = None if world is None else (world.rotation, world.translation)
        bones = bone_lines(bodies.joints, self._parents)
        caption = f"{self._fps():.0f} fps   {age_ms:.0f} ms   {len(bodies)} people"
        self._exchange(ScenePeople(image, K, size, floor, bodies.ids, vertices, bones, caption))

    def close(self) -> bool:
        """Close the window. Returns False: nothing is kept."""
        self._connection.close()
        self._process.join(CLOSE_S)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(CLOSE_S)
        self._log_path.unlink(missing_ok=True)
        return False

    def abort(self) -> None:
        """Close the window."""
        self.close()

    def _exchange(self, people: object) -> None:
        """Send a scene and wait until it is shown."""
        with contextlib.suppress(OSError, EOFError):
            self._connection.send(people)
            if self._connection.poll(ANSWER_S if self._opened else START_S):
                answer = self._connection.recv()
                assert answer == (TAKEN if self._opened else READY)
                self._opened = True
                return
        self._raise_end()

    def _raise_end(self) -> None:
        self._process.join(CLOSE_S)
        code = self._process.exitcode
        if code == 0:
            raise DisplayClosed("the window was closed")
        with contextlib.suppress(OSError):
            log.info("open3d: %s", one_line(self._log_path.read_text(errors="replace")[-2000:]))
        if code is None:
            raise OutputError("--open3d: the window does not answer")
        remedy = "" if self._opened else "; it needs a display and a Vulkan driver (Debian: mesa-vulkan-drivers)"
        ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise OutputError(f"--open3d: the window ended ({ended}){remedy}")

    def _fps(self) -> float:
        if len(self._arrived_s) < 2:
            return 0.0
        return (len(self._arrived_s) - 1) / max(self._arrived_s[-1] - self._arrived_s[0], 1e-6)

    def _image(
        self, frame: Frame, camera: Camera, tracks: Tracks | None
    ) -> tuple[U8, NDArray[np.float64], tuple[int, int]]:
        """The image as RGB, with boxes and without distortion; its intrinsic matrix and size."""
        image: U8 = frame.image.copy()
        if tracks is not None:
            _draw_boxes(image, tracks)
        if self._undistortion is None or self._undistortion[0] is not camera:
            self._undistortion = camera, Undistortion(camera)
        image, K = self._undistortion[1](image), np.array(camera.K, np.float64)
        scale = LONGEST_PX / max(image.shape[:2])
        if scale < 1:
            size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
            scales = np.array([size[0] / image.shape[1], size[1] / image.shape[0]])
            K[:2, 2] = (K[:2, 2] + 0.5) * scales - 0.5
            K[:2, :2] *= scales[:, None]
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return np.ascontiguousarray(image[..., ::-1]), K, (image.shape[1], image.shape[0])


def _draw_boxes(image: U8, tracks: Tracks) -> None:
    """Draw the box and the id of each tracked person."""
    scale = text_scale(image)
    width = max(1, round(2 * scale))
    limit = 4 * max(image.shape[:2])
    for identity, box in zip(tracks.ids.tolist(), np.clip(np.nan_to_num(tracks.boxes), -limit, limit), strict=True):
        left, top, right, bottom = box.round().astype(int).tolist()
        color = tuple(color_of(identity).tolist())
        cv2.rectangle(image, (left, top), (right, bottom), color, width, cv2.LINE_AA)
        outlined_text(image, str(identity), (left + 2 * width, top + round(30 * scale)), scale, color)
