"""What a camera does to an image: exposure, blur, noise and JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.training.rendered.config import RenderConfig

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
NOMINAL_PX = 224  # the crop that sizes in px are for


def expose(rng: np.random.Generator, image: F32, config: RenderConfig) -> U8:
    """The image (H, W, 3) RGB 0..255 as a camera of random exposure, lens and sensor stores it."""
    scale = len(image) / NOMINAL_PX
    gamma = np.exp(rng.normal(0, 0.15))
    gain = np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.05, 3))
    image = 255 * ((image / 255).clip(0, 1) ** gamma * gain).astype(np.float32) + np.float32(rng.normal(0, 6))
    if rng.random() < config.motion_blur:
        image = _moved(rng, image, max(2, round(float(rng.uniform(2, 9)) * scale)))
    sigma = float(rng.uniform(0.35, max(config.blur_px, 0.36))) * scale  # never 0: a lens has no jagged outlines
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3)), np.float32)
    noise = config.noise * rng.random() ** 2
    image = image + rng.standard_normal(image.shape, np.float32) * np.float32(noise)
    return np.asarray(image.clip(0, 255).round(), np.uint8)


def jpeg(rng: np.random.Generator, image: U8, quality: tuple[int, int]) -> bytes:
    """The bytes of an RGB image as JPEG of random quality."""
    chosen = int(rng.integers(quality[0], quality[1] + 1))
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, chosen])
    return bytes(data)


def decoded(data: bytes) -> U8 | None:
    """The RGB image (H, W, 3) of an encoded one; None when it cannot be decoded."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return None if image is None else np.ascontiguousarray(image[..., ::-1])


def _moved(rng: np.random.Generator, image: F32, length: int) -> F32:
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = (length - 1) / 2
    for at in np.linspace(-reach, reach, 2 * length):
        kernel[round(reach + at * np.sin(angle)), round(reach + at * np.cos(angle))] = 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.float32)
