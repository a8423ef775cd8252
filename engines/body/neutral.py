"""The shape of a person of whom nothing is known: the neutral figure of a body."""

from __future__ import annotations

import numpy as np

from engines.body.body import Body
from engines.body.select import is_bundled_body
from meshcast.protocol.body import F32

# The mean of the bundled body's shapes has the chest and hips of a woman. Direction 3 leads to a man of equal height, 2
# to a thinner body, 0 to a taller one: this figure is 1.70 m tall and is neither.
BUNDLED_NEUTRAL = (0.2, 0.0, 0.4, 1.4)


def neutral_shape(body: Body) -> F32:
    """The shape (B,) of the neutral figure: zero, the mean of people, except for the bundled body."""
    shape = np.zeros(body.shape_dirs.shape[-1], np.float32)
    if is_bundled_body(body):
        shape[: len(BUNDLED_NEUTRAL)] = BUNDLED_NEUTRAL
    return shape
