"""Images and meshes that show what a trained method looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import OutputError
from edge.recording.export import glb
from engines.body.body import Body
from engines.body.vertex_normals import VertexNormals
from engines.files.atomic import write_atomically
from engines.joint_sets import SMPL24
from engines.training.batch import collate
from engines.training.batch_predictions import predict_samples, resized
from engines.training.methods.base import Method
from engines.training.methods.imphmr import ImphmrMethod
from engines.training.occlusion_sensitivity import OccluderConfig, OcclusionMesh, occlusion_errors
from engines.training.prediction_sheet import draw_map, draw_mesh
from engines.training.sample import Sample

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
SHOWN_PX = 448  # side of the images
VIEW_PX = 224
VIEWS_DEG = (0, 90, 180, 270)
UNSEEN = (120, 120, 120)  # color of vertices that no sample showed


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Errors (V, 24) mm of the occlusion sensitivity mesh, mean errors (S, R, R) of the samples, written files."""

    vertex_errors: F64
    maps: F32
    files: tuple[Path, ...]


def explain(
    trained: Method,
    size: int,
    samples: Iterable[Sample],
    body: Body,
    out: Path,
    config: OccluderConfig,
    on_sample: Callable[[int], None],
) -> Explanation:
    """Writes for each sample NNNN-occlusion.png and NNNN-MAP.png of the method's maps, and sensitivity.glb for all.

    Raises OutputError when a file cannot be written.
    """
    mesh, maps, files = OcclusionMesh(body), [], list[Path]()
    vertices = len(body.v_template)
    for number, (sample, made) in enumerate(predict_samples(trained, samples, size, vertices)):
        errors = occlusion_errors(trained, sample, size, vertices, config)
        mesh.add(sample, errors)
        maps.append(errors.mean(-1))
        images = {"occlusion": heat(sample.image, errors.mean(-1))}
        images |= {name: beside(sample.image, values) for name, values in made.maps.items()}
        if isinstance(trained, ImphmrMethod):
            images["views"] = imagined_views(trained, sample, size, body)
        for name, image in images.items():
            path = out / f"{number:04d}-{name}.png"
            write_file(path, bytes(cv2.imencode(".png", image[..., ::-1])[1]))
            files.append(path)
        on_sample(number + 1)
    path = out / "sensitivity.glb"
    write_file(path, sensitivity_glb(body, mesh.errors()))
    return Explanation(mesh.errors(), np.stack(maps), (*files, path))


def imagined_views(trained: ImphmrMethod, sample: Sample, size: int, body: Body) -> U8:
    """The person as cameras at 0, 90, 180 and 270 degrees around see it: the mesh that is inferred from each view's
    feature map (not the first one, turned) above the silhouette."""
    batch = collate([resized(sample, size)], len(body.v_template))
    normals = VertexNormals(body.faces, len(body.v_template))
    columns = [np.concatenate([np.asarray(cv2.resize(sample.image, (VIEW_PX, VIEW_PX)), np.uint8)] * 2)]
    for degrees in VIEWS_DEG:
        made = trained.predict(batch, float(np.deg2rad(degrees)))
        empty = np.zeros((VIEW_PX, VIEW_PX, 3), np.uint8)
        mesh = draw_mesh(empty, made.vertices[0].detach().numpy(), body, normals, 0.9)
        columns.append(np.concatenate([mesh, draw_map(made.maps["silhouette"][0].detach().numpy(), VIEW_PX)]))
    return np.ascontiguousarray(np.concatenate(columns, 1), np.uint8)


def heat(image: U8, errors: F32) -> U8:
    """The image and the map (R, R) over it, side by side; dark is the least and bright the largest error."""
    shown = cv2.resize(image, (SHOWN_PX, SHOWN_PX), interpolation=cv2.INTER_LINEAR)
    low, high = float(errors.min()), float(errors.max())
    scaled = (255 * (errors - low) / max(high - low, 1e-6)).astype(np.uint8)
    smooth = cv2.resize(scaled, (SHOWN_PX, SHOWN_PX), interpolation=cv2.INTER_CUBIC)
    colored = np.asarray(cv2.applyColorMap(np.asarray(smooth, np.uint8), cv2.COLORMAP_TURBO)[..., ::-1], np.uint8)
    text = f"{low:.0f} to {high:.0f} mm"
    over = np.ascontiguousarray(cv2.addWeighted(np.asarray(shown, np.uint8), 0.45, colored, 0.55, 0))
    cv2.putText(over, text, (8, SHOWN_PX - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([np.asarray(shown, np.uint8), over], 1)


def beside(image: U8, values: NDArray[np.generic]) -> U8:
    """A map of the method beside the image; of many channels a grid of all."""
    side = SHOWN_PX
    shown = np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
    if values.ndim == 3 and len(values) > 3:
        columns = int(np.ceil(np.sqrt(len(values))))
        cell = side // columns
        grid = np.zeros((side, side, 3), np.uint8)
        for k, channel in enumerate(values):
            row, column = divmod(k, columns)
            grid[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] = draw_map(channel, cell)
        return np.concatenate([shown, grid], 1)
    return np.concatenate([shown, draw_map(values, side)], 1)


def sensitivity_glb(body: Body, errors: F64) -> bytes:
    """The occlusion sensitivity mesh as binary glTF: the body at rest in the colors of the mean error, and a mesh for
    each joint beside it; cold is the least and warm the largest error of all."""
    buffer = glb.Buffer()
    low, high = float(np.nanmin(errors)), float(np.nanmax(errors))
    indices = buffer.add(np.ascontiguousarray(body.faces.astype(np.uint32).ravel()), target=glb.INDICES)
    position = buffer.add(body.v_template.astype(np.float32), target=glb.VERTICES, bounds=True)
    shown = {"all joints": errors.mean(1), **{name: errors[:, k] for k, name in enumerate(SMPL24.joint_names)}}
    meshes, nodes = [], []
    for k, (name, values) in enumerate(shown.items()):
        color = buffer.add(vertex_colors(values, low, high), target=glb.VERTICES, normalized=True)
        attributes = {"POSITION": position, "COLOR_0": color}
        meshes.append({"name": name, "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]})
        nodes.append({"name": name, "mesh": k, "translation": [2.0 * (k % 5), -2.2 * (k // 5), 0.0]})
    document = {
        "asset": {"version": "2.0", "generator": "meshcast explain"},
        "scene": 0,
        "scenes": [{"nodes": list(range(len(nodes)))}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": [{"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.9}}],
    }
    return b"".join(glb.pack(document, buffer))


def vertex_colors(errors: F64, low: float, high: float) -> U8:
    """Colors (V, 4) RGBA of errors (V,) on one scale; gray where there is none."""
    known = np.isfinite(errors)
    scaled = (255 * (np.where(known, errors, low) - low) / max(high - low, 1e-6)).clip(0, 255).astype(np.uint8)
    colored = np.asarray(cv2.applyColorMap(scaled[:, None], cv2.COLORMAP_TURBO)[:, 0, ::-1], np.uint8)
    rgb = np.where(known[:, None], colored, np.array(UNSEEN, np.uint8))
    return np.ascontiguousarray(np.column_stack([rgb, np.full(len(rgb), 255)]), np.uint8)


def write_file(path: Path, data: bytes) -> None:
    """Writes a file atomically. Raises OutputError."""
    try:
        write_atomically(path, data)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
