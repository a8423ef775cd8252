"""Writes a stream for Rerun: images, boxes, keypoints, bodies with their camera, and plots."""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import os
import shutil
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from calibration.camera import Camera
from edge.errors import OutputError
from edge.render.meshes import MIN_KEYPOINT_SCORE
from edge.render.palette import color_of
from edge.render.skeleton import bone_lines
from edge.sinks.output_file import OutputFile
from edge.sinks.rerun_target import ImageRate, RerunConfig, viewer_address
from edge.text import one_line
from edge.types import U8, Bodies, BodyModel, Frame, Tracks
from engines.body.vertex_normals import VertexNormals

if TYPE_CHECKING:
    import rerun as rr

log = logging.getLogger("meshcast.sinks")

JPEG_QUALITY = 80
LONGEST_PX = 1280  # longer images are scaled to it
PLOT_S = 1.0  # of wall time between two points of the plots of rates and stages
FLUSH_S = 1.0  # of wall time between two writes to the file, or two checks of the connection
FLUSH_TIMEOUT_S = 5.0
FPS_WINDOW = 60
TIME_ERROR_S = 1e-3  # of the times of frames, which are sums
LEAST_FREE_BYTES = 1 << 16  # less free space is a full disk
WHITE = (255, 255, 255)


class RerunWriter:
    """Writes one stream to a file, or to a viewer.

    Entities below the stream's name: `camera` with `image`, `boxes` and `keypoints`; `people/ID` with `mesh`,
    `skeleton` and `joints`; `plots`. Timelines: `frame` (index) and `stream_time` (seconds). Without a pose of the
    camera the world is the camera's frame (x right, y down, z forward), else z is up and the floor at 0.

    One thread uses a writer. Raises OutputError if the file cannot be written or the viewer is gone.
    """

    def __init__(self, config: RerunConfig, stream: str, model: BodyModel) -> None:
        """
        Args:
            config: resolved (edge.sinks.rerun_target).
            stream: name of the stream.
            model: of its bodies.
        """
        os.environ.setdefault("RUST_LOG", "off")  # errors are raised; Rerun prints them to standard error, too
        import rerun

        self._rr = rerun
        self._config = config
        self._rate = config.rate or ImageRate(config.image_fps)
        self._root = f"/{stream}"
        self._model = model
        lod = model.lod
        self._vertices = None if lod is None else lod.vertices
        faces = model.faces if lod is None else lod.faces
        self._faces = faces
        self._normals = VertexNormals(faces, len(model.rest_vertices) if lod is None else len(lod.vertices))
        self._camera: Camera | None = None
        self._shown: set[int] = set()
        self._image_due_s = -math.inf
        self._plots_due_s = self._flush_due_s = time.monotonic()
        self._arrived_s: deque[float] = deque(maxlen=FPS_WINDOW)
        self._stages: dict[str, tuple[int, float]] = {}
        self._frames = 0
        self._failed = False
        path = config.path
        self._file = None if path is None else OutputFile(path, salvageable=True)
        self._stream: rr.RecordingStream = rerun.RecordingStream("meshcast", recording_id=config.recording or None)
        if self._file is None:
            self._stream.connect_grpc(viewer_address(config.target), default_blueprint=self._blueprint())
        else:
            self._stream.save(self._file.temporary, default_blueprint=self._blueprint())
        for name in ("fps", "age_ms", "people"):
            self._stream.log(f"{self._root}/plots/{name}", rerun.SeriesLines(names=name), static=True)

    def write(
        self,
        frame: Frame,
        bodies: Bodies,
        camera: Camera,
        tracks: Tracks | None,
        *,
        age_ms: float,
        stages: Mapping[str, tuple[int, float]],
    ) -> None:
        """Add a frame.

        Args:
            frame: of the stream, later than the one before.
            bodies: the people in it.
            camera: of the frame.
            tracks: all tracked people, with their boxes.
            age_ms: of the frame, when it left the pipeline.
            stages: number and total milliseconds of each stage since the start.

        Raises:
            OutputError: the file cannot be written, or the viewer is gone.
        """
        self._stream.set_time("frame", sequence=frame.index)
        self._stream.set_time("stream_time", duration=frame.t_s)
        self._frames += 1
        self._write_camera(camera)
        self._write_image(frame)
        self._write_2d(bodies, tracks)
        self._write_people(bodies)
        self._write_plots(len(bodies), age_ms, stages)
        if time.monotonic() >= self._flush_due_s:
            self._flush()

    def close(self) -> bool:
        """Finish the file, or send what waits to the viewer. Returns whether there is a file. Raises OutputError."""
        if self._file is None:
            try:
                self._flush()
            finally:
                self._stream.disconnect()
            return False
        if not self._frames:
            self.abort()
            return False
        try:
            if not self._failed:
                self._flush()
            self._stream.disconnect()  # writes the index
            self._file.commit()
        finally:
            self._file.discard()  # no effect after commit()
        return True

    def abort(self) -> None:
        """Remove the unfinished file, or leave the viewer."""
        self._stream.disconnect()
        if self._file is not None:
            self._file.discard()

    def _blueprint(self) -> Any:
        """Views of this stream: the world, the image, and the plots."""
        from rerun import blueprint

        people = f"{self._root}/people/**"
        image = blueprint.Spatial2DView(origin=f"{self._root}/camera", contents=["$origin/**", people], name="image")
        plots = [
            blueprint.TimeSeriesView(origin=f"{self._root}/plots/{name}", name=name)
            for name in ("fps", "age_ms", "stage_ms")
        ]
        world = blueprint.Spatial3DView(origin=self._root, name="world")
        return blueprint.Blueprint(
            blueprint.Horizontal(world, blueprint.Vertical(image, *plots, row_shares=[4, 1, 1, 1]))
        )

    def _write_camera(self, camera: Camera) -> None:
        if camera is self._camera:
            return
        rr, stream = self._rr, self._stream
        self._camera = camera
        if camera.world is None:
            stream.log(self._root, rr.ViewCoordinates.RDF, static=True)
        else:
            stream.log(self._root, rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
            placed = rr.Transform3D(translation=camera.world.position, mat3x3=camera.world.rotation.T)
            stream.log(f"{self._root}/camera", placed)
            stream.log(f"{self._root}/people", placed)
        lens = rr.Pinhole(image_from_camera=camera.K, resolution=camera.size, image_plane_distance=1.0)
        stream.log(f"{self._root}/camera", lens)

    def _write_image(self, frame: Frame) -> None:
        fps = self._rate.fps
        if fps <= 0 or frame.t_s < self._image_due_s - TIME_ERROR_S:
            return
        period_s = 1 / fps
        late = self._image_due_s + period_s < frame.t_s
        self._image_due_s = frame.t_s + period_s if late else self._image_due_s + period_s
        self._stream.log(
            f"{self._root}/camera/image", self._rr.EncodedImage(contents=jpeg(frame.image), media_type="image/jpeg")
        )

    def _write_2d(self, bodies: Bodies, tracks: Tracks | None) -> None:
        rr, camera = self._rr, f"{self._root}/camera"
        if tracks is not None:
            boxes = tracks.boxes
            self._stream.log(
                f"{camera}/boxes",
                rr.Boxes2D(
                    mins=boxes[:, :2],
                    sizes=boxes[:, 2:] - boxes[:, :2],
                    colors=[_rgb(identity) for identity in tracks.ids.tolist()],
                    labels=[str(identity) for identity in tracks.ids.tolist()],
                ),
            )
        seen = bodies.keypoints[..., 2] > MIN_KEYPOINT_SCORE
        people = np.repeat(bodies.ids, seen.sum(1)).tolist()
        self._stream.log(
            f"{camera}/keypoints",
            rr.Points2D(bodies.keypoints[seen][:, :2], colors=[_rgb(identity) for identity in people], radii=3.0),
        )

    def _write_people(self, bodies: Bodies) -> None:
        rr, ids = self._rr, bodies.ids.tolist()
        for identity in self._shown - set(ids):
            self._stream.log(f"{self._root}/people/{identity}", rr.Clear(recursive=True))
        for identity in set(ids) - self._shown:  # triangles and color are written once
            self._stream.log(
                f"{self._root}/people/{identity}/mesh",
                rr.Mesh3D.from_fields(triangle_indices=self._faces, albedo_factor=_rgb(identity)),
                static=True,
            )
        self._shown = set(ids)
        if not ids:
            return
        lines = bone_lines(bodies.joints, self._model.parents)
        for row, identity in enumerate(ids):
            person, color = f"{self._root}/people/{identity}", _rgb(identity)
            vertices = bodies.vertices[row] if self._vertices is None else bodies.vertices[row][self._vertices]
            self._stream.log(
                f"{person}/mesh",
                rr.Mesh3D.from_fields(vertex_positions=vertices, vertex_normals=self._normals(vertices)),
            )
            self._stream.log(f"{person}/skeleton", rr.LineStrips3D(lines[row], colors=WHITE, radii=0.008))
            self._stream.log(f"{person}/joints", rr.Points3D(bodies.joints[row], colors=color, radii=0.015))

    def _write_plots(self, people: int, age_ms: float, stages: Mapping[str, tuple[int, float]]) -> None:
        rr, plots, now_s = self._rr, f"{self._root}/plots", time.monotonic()
        self._arrived_s.append(now_s)
        self._stream.log(f"{plots}/age_ms", rr.Scalars(age_ms))
        self._stream.log(f"{plots}/people", rr.Scalars(people))
        if now_s < self._plots_due_s or len(self._arrived_s) < 2:
            return
        self._plots_due_s = now_s + PLOT_S
        fps = (len(self._arrived_s) - 1) / max(now_s - self._arrived_s[0], 1e-6)
        self._stream.log(f"{plots}/fps", rr.Scalars(fps))
        for stage, (count, total_ms) in stages.items():
            known = stage in self._stages
            count_before, total_before_ms = self._stages.get(stage, (0, 0.0))
            if not known:
                self._stream.log(f"{plots}/stage_ms/{stage}", rr.SeriesLines(names=stage), static=True)
            if count > count_before:
                mean_ms = (total_ms - total_before_ms) / (count - count_before)
                self._stream.log(f"{plots}/stage_ms/{stage}", rr.Scalars(mean_ms))
            self._stages[stage] = count, total_ms

    def _flush(self) -> None:
        """Write what waits to the file, or notice that the viewer is gone."""
        self._flush_due_s = time.monotonic() + FLUSH_S
        try:
            self._stream.flush(timeout_sec=FLUSH_TIMEOUT_S)
        except (RuntimeError, ValueError) as error:
            self._failed = True
            log.info("%s: %s", self._config.target, error)
            if self._file is None:
                raise OutputError(f"{self._config.target}: the Rerun viewer is gone or does not read") from None
            raise OutputError(f"{self._config.target}: cannot be written: {self._cause(error)}") from None

    def _cause(self, error: Exception) -> str:
        """Why the file cannot be written: Rerun does not say that the disk is full."""
        assert self._file is not None
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self._file.temporary.parent).free < LEAST_FREE_BYTES:
                return os.strerror(errno.ENOSPC)
        return one_line(str(error))


def jpeg(image: U8) -> bytes:
    """The image as a JPEG of at most LONGEST_PX."""
    scale = LONGEST_PX / max(image.shape[:2])
    if scale < 1:
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    good, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not good:
        raise ValueError(f"an image of {image.shape[1]} x {image.shape[0]} pixels cannot be encoded")
    return content.tobytes()


def _rgb(identity: int) -> tuple[int, int, int]:
    red, green, blue = color_of(identity)[::-1].astype(int).tolist()
    return red, green, blue
