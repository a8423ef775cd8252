"""Images of predictions, for event files and reports."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_kernels import rasterize
from engines.body.body import Body
from engines.body.vertex_normals import VertexNormals
from engines.training.batch import Batch
from engines.training.contact_sheet import PART_COLORS
from engines.training.methods.base import Prediction

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
LIGHT = np.array([-0.4, -0.7, -0.6], np.float32)
COLOR = np.array([120, 190, 255], np.float32)  # RGB
FAR_M = 10.0  # where a mesh is put, so that the rasterizer sees all of it
SIDE_VIEW = np.array(
    [[0, 0, 1], [0, 1, 0], [-1, 0, 0]], np.float32
)  # by a camera that moved to its right by 90 degrees


def prediction_sheet(batch: Batch, made: Prediction, body: Body, most: int = 6) -> U8:
    """A row for each of the first `most` samples, RGB: image, predicted mesh over it, mesh from the side, maps."""
    normals = VertexNormals(body.faces, len(body.v_template))
    rows = []
    for n in range(min(most, len(batch))):
        image = batch.image[n].permute(1, 2, 0).numpy().astype(np.uint8)
        vertices = made.vertices[n].numpy()
        place, scale = np.zeros(3, np.float32), 0.9
        if made.camera is not None and made.root is not None:
            scale, tx, ty = made.camera[n].tolist()
            place = made.root[n].numpy() + np.array([tx, ty, 0], np.float32)
        over = draw_mesh(image, vertices + place, body, normals, scale)
        aside = draw_mesh(np.zeros_like(image), vertices @ SIDE_VIEW.T, body, normals, 0.9)
        maps = [draw_map(value[n].numpy(), len(image)) for value in made.maps.values()]
        rows.append(np.concatenate([image, over, aside, *maps], 1))
    return np.ascontiguousarray(np.concatenate(rows), np.uint8)


def draw_mesh(image: U8, vertices: F32, body: Body, normals: VertexNormals, scale: float) -> U8:
    """An image with a mesh (V, 3) m over it, projected by x = scale X in [-1, 1]."""
    drawn: U8 = image.copy()
    half = len(image) / 2
    points = np.column_stack([(vertices[:, :2] * scale + 1) * half - 0.5, vertices[:, 2] + FAR_M]).astype(np.float32)
    light = 0.35 + 0.65 * (normals(np.ascontiguousarray(vertices, np.float32)) @ LIGHT).clip(0)
    colors = (COLOR * light[:, None]).astype(np.float32)
    rasterize(body.faces, points, colors, drawn, np.full(drawn.shape[:2], np.inf, np.float32), 0.85)
    return drawn


def draw_map(values: NDArray[np.generic], side: int) -> U8:
    """A map (h, w) or (C, h, w) as an image (side, side, 3): parts in their colors, three channels as RGB, one or many
    channels (their maximum) from dark to bright."""
    if values.ndim == 2 and values.dtype.kind in "iu":
        image = (255 * PART_COLORS).astype(np.uint8)[values.astype(np.int64)]
        return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)
    numbers = np.asarray(values, np.float32)
    if numbers.ndim == 3 and len(numbers) == 3:
        low, high = float(numbers.min()), float(numbers.max())
        image = (255 * (np.moveaxis(numbers, 0, -1) - low) / max(high - low, 1e-6)).astype(np.uint8)
    else:
        flat = numbers.max(0) if numbers.ndim == 3 else numbers
        gray = (255 * flat / max(float(flat.max()), 1e-6)).clip(0, 255).astype(np.uint8)
        image = np.ascontiguousarray(cv2.applyColorMap(gray, cv2.COLORMAP_INFERNO)[..., ::-1])
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
