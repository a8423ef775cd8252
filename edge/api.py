"""The Python interface: `for frame, bodies in edge.stream("clip.mp4"): ...`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from os import PathLike
from pathlib import Path

from edge.gpu.models import gpu_models
from edge.gpu.pipeline import make_pipeline
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig
from edge.runtime.async_pipeline import AsyncPipeline
from edge.sources import Access, Pace, RtspTransport, open_source
from edge.stages.config import BodyShapeConfig, PipelineConfig, Smoothing
from edge.timing import Timings
from edge.types import Bodies, Frame
from engines.body.given_shapes import GivenShapes


def stream(
    source: str | PathLike[str],
    *,
    camera: str | PathLike[str] | None = None,
    fov_deg: float | None = None,
    height_m: float | None = None,
    shape: str | PathLike[str] | None = None,
    pace: Pace | None = None,
    loop: bool = False,
    fps: float | None = None,
    rtsp_transport: RtspTransport = "auto",
    credentials: str | PathLike[str] | None = None,
    allow_private_redirects: bool = False,
    detector: str = "nanodet_g",
    pose: str = "movenet_thunder",
    mesh: str = "pose2mesh_open",
    backend: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    body: str | None = None,
    refine: str | None = None,
    flip_test: bool = False,
    smooth: Smoothing = "light",
    second_pose: str = "auto",
    dla: int | None = None,
    view_deg: float = 0.0,
) -> Generator[tuple[Frame, Bodies], None, None]:
    """Process a source: yields its frames, each with the people in it as meshes in meters.

    The source is closed when the generator ends, is closed or is garbage-collected. A frame on which a step fails is
    left out (see edge.runtime.frame_errors).

    Args:
        source: as for `meshcast run`: a path, an address or a device.
        camera: path of a camera file with calibrated intrinsics.
        fov_deg: horizontal field of view in degrees, used without a camera file; None: 60 is assumed.
        height_m: stature of all people; None: estimated where the floor is known, else 1.70.
        shape: path of a file with body shapes that are known (.toml, .json or .npz), instead of `height_m`.
        pace: "fast" (no frame is lost) or "realtime" (the latest frame wins); None: fast for files, else realtime.
        loop: repeat a file without end.
        fps: frames per second of images and of videos without timestamps (raw H.264); None: 30.
        rtsp_transport: "auto", "tcp" or "udp".
        credentials: path of a file with the login of a network source.
        allow_private_redirects: follow redirects of http sources to private addresses too.
        detector: name of a detector, as `meshcast models` lists it.
        pose: name of a pose model.
        mesh: name of a mesh model.
        backend: inference engine, for example "openvino", "onnxruntime" or "tensorrt"; "auto": the best for the device.
        device: "cpu" or "cuda:N"; "auto": a usable GPU, else the CPU.
        precision: "fp32", "bf16", "fp16" or "int8" of detector and pose model; "auto": chosen by model and device.
        threads: of the engines; None: all cores.
        body: body of a mesh model that has none of its own; None: an imported one, else the open body.
        refine: refinement of heatmap peaks, "none", "quarter" or "dark"; None: that of the pose model's card.
        flip_test: average the pose with that of the mirrored crops, at twice the cost.
        smooth: "light" follows people within a thirtieth of a second, "strong" is steadier and slower, "off": none.
        second_pose: name of a pose model that corrects the first one every few frames, or "none"; "auto":
            efficientpose_i for MoveNet, none for other pose models.
        dla: core of a deep learning accelerator that runs the detector, with TensorRT on a board that has one.
        view_deg: with mesh="imphmr", how far the camera that people are imagined from has moved around them to its own
            right, degrees.

    Yields:
        Frame and Bodies, with arrays of N >= 0 people: vertices (N, V, 3) float32 meters in the camera's frame.

    Raises:
        MeshcastError: the source, the camera file or a model cannot be used; the message is one line.
    """
    models = Models(
        detector=detector,
        pose=pose,
        mesh=mesh,
        backend=backend,
        device=device,
        precision=precision,
        threads=threads,
        body=body,
        refine=refine,
        flip_test=flip_test,
        second_pose=second_pose,
        dla=dla,
        view_deg=view_deg,
    )
    shapes = None if shape is None else GivenShapes.load(Path(shape))
    body_shape = BodyShapeConfig(height_m=height_m, shapes=shapes)
    access = Access(rtsp_transport, Path(credentials) if credentials is not None else None, allow_private_redirects)
    with open_source(str(source), loop=loop, fps=fps, access=access) as opened:
        camera_config = CameraConfig(Path(camera) if camera is not None else None, fov_deg)
        loaded = LoadedModels(models)
        with ExitStack() as cleanup:
            gpu = gpu_models(loaded)
            if gpu is not None:
                cleanup.callback(gpu.close)
            config = PipelineConfig.of(smooth=smooth, body_shape=body_shape)
            pipeline = make_pipeline(loaded, gpu, camera_config, config, Timings())
            cleanup.callback(pipeline.close)
            with AsyncPipeline(opened, pipeline, pace) as results:
                for result in results:
                    pipeline.timings.arrived(result.frame)
                    yield result.frame, result.bodies
