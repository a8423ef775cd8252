"""Random skin, hair and clothes, evaluated at any point of the body at rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Rng = np.random.Generator
Pattern = Callable[[F32], F32]

HEAD, NECK, HANDS, FEET = (15,), (12,), (20, 21, 22, 23), (7, 8, 10, 11)
ARMS, LEGS = (16, 17, 18, 19), (0, 1, 2, 4, 5)
TRUNK = (0, 1, 2, 3, 6, 9, 13, 14, 16, 17)
SKIN_DARK, SKIN_LIGHT = np.array([74, 46, 34], np.float32), np.array([240, 202, 178], np.float32)  # RGB
PATTERNS = ("plain", "stripes", "checks", "spots", "clouds")
PATTERN_SHARES = (0.35, 0.2, 0.15, 0.1, 0.2)
WAVES = 5


class Outfit:
    """The look of one person on `body`: colors of points at rest. Drawn from `rng`; lengths are shares of the body."""

    def __init__(self, body: Body, rng: Rng) -> None:
        rest = body.v_template
        low, high = rest.min(0), rest.max(0)
        self._low, self._extent = low, high - low
        head = rest[body.weights.argmax(1) == HEAD[0]] if len(body.parents) > HEAD[0] else rest
        self._nape, self._crown = float(head[:, 2].mean()), float(head[:, 1].max())
        self._hair_line = self._crown - rng.uniform(0.02, 0.09)
        self._hem = rng.uniform(0.44, 0.56)  # of the height; lower ones are coats and dresses
        if rng.random() < 0.15:
            self._hem = rng.uniform(0.28, 0.42)
        self._sleeve = rng.choice([rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.8), 0.86])  # of half the arm span
        self._trousers_end = rng.choice([rng.uniform(0.05, 0.12), rng.uniform(0.2, 0.45)], p=[0.6, 0.4])
        self._shoe_top = rng.uniform(0.045, 0.09)
        self._collar = rng.uniform(0.83, 0.87)
        tone = rng.random()
        self._skin = SKIN_DARK + tone * (SKIN_LIGHT - SKIN_DARK) + rng.normal(0, 6, 3).astype(np.float32)
        self._hair = _color(rng) * 0.3 if rng.random() < 0.8 else _color(rng)
        self._shoes = _color(rng) * rng.uniform(0.2, 1)
        self._shirt, self._legs = pattern(rng), pattern(rng)
        self._grain = _clouds(rng, 40.0)

    def colors(self, rest: F32, joint: I64) -> F32:
        """RGB (P, 3) 0..255 of points (P, 3) at rest that move with a joint (P,)."""
        y = (rest[:, 1] - self._low[1]) / self._extent[1]
        x = 2 * np.abs(rest[:, 0]) / self._extent[0]
        colors = np.tile(self._skin.astype(np.float32), (len(rest), 1))
        legs = np.isin(joint, (*LEGS, *FEET)) & (y > self._trousers_end)
        shirt = (np.isin(joint, TRUNK) & (y < self._collar)) | np.isin(joint, ARMS)
        shirt &= (y > self._hem) & (x < self._sleeve)
        skirt = np.isin(joint, LEGS) & (y > self._hem)
        shoes = np.isin(joint, FEET) & (y < self._shoe_top)
        hair = np.isin(joint, HEAD) & (
            (rest[:, 1] > self._hair_line) | ((rest[:, 2] < self._nape) & (rest[:, 1] > self._crown - 0.2))
        )
        colors[legs] = self._legs(rest[legs])
        worn = shirt | skirt
        colors[worn] = self._shirt(rest[worn])
        colors[shoes], colors[hair] = self._shoes, self._hair
        return np.asarray(colors * (0.93 + 0.14 * self._grain(rest))[:, None], np.float32)


def pattern(rng: Rng) -> Pattern:
    """A pattern of two colors in space: points (P, 3) in m to RGB (P, 3)."""
    kind = PATTERNS[int(rng.choice(len(PATTERNS), p=PATTERN_SHARES))]
    one, two = _color(rng), _color(rng)
    turns = 2 * np.pi * rng.uniform(6, 22)
    axis = np.eye(3, dtype=np.float32)[int(rng.choice(3, p=[0.3, 0.6, 0.1]))]
    clouds = _clouds(rng, rng.uniform(5, 25))

    def share(points: F32) -> F32:
        wave = np.sin(turns * points)
        if kind == "stripes":
            return np.asarray(points @ axis * turns % (2 * np.pi) > np.pi, np.float32)
        if kind == "checks":
            return np.asarray(wave[:, 0] * wave[:, 1] > 0, np.float32)
        if kind == "spots":
            return np.asarray(wave[:, 0] * wave[:, 1] + wave[:, 1] * wave[:, 2] > 0.7, np.float32)
        return clouds(points) if kind == "clouds" else np.zeros(len(points), np.float32)

    return lambda points: np.asarray(one + share(points)[:, None] * (two - one), np.float32)


def _clouds(rng: Rng, frequency: float) -> Pattern:
    """Smooth noise in 0..1 of points (P, 3): a sum of plane waves."""
    waves = rng.normal(0, frequency, (3, WAVES)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, WAVES).astype(np.float32)
    return lambda points: np.asarray(0.5 + 0.5 * np.sin(points @ waves + phase).mean(1), np.float32)


def _color(rng: Rng) -> F32:
    """A random RGB color, seldom a pure one."""
    color = rng.uniform(10, 245, 3)
    gray = color.mean()
    return np.asarray(gray + rng.uniform(0.2, 1.1) * (color - gray), np.float32).clip(0, 255)
