"""Where a weak-perspective camera starts before anything is learned."""

from __future__ import annotations

from torch import nn

MEAN_SCALE = 0.9  # a whole person fills the crop (Kanazawa et al., HMR, 2018)
SPREAD = 1e-3


def at_mean_camera(layer: nn.Linear) -> nn.Linear:
    """A layer (C to s, tx, ty) with fresh weights that give about (0.9, 0, 0): an untrained person is in the crop."""
    nn.init.normal_(layer.weight, std=SPREAD)
    nn.init.zeros_(layer.bias)
    nn.init.constant_(layer.bias[:1], MEAN_SCALE)
    return layer
