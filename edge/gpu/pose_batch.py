"""One batch of crops in flight: where they are cut, what the pose network finds in them, and when that has landed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.types import F32, Array
from engines.device.base import Device, HostArray, Spec
from engines.device.mirror import Mirror
from engines.inference.stream_engine import StreamEngine

PLACES = Spec((2,), np.dtype(np.float32)), Spec((), np.dtype(np.float32))  # centers px, and scales, of crops


class PoseBatch:
    """Memory of a batch, for as many crops as it has `capacity`, and the event behind its last copy to the host.

    Attributes:
        places: centers (N, 2) px and scales (N,) of the crops.
        tracks: tracks and times as edge_kernels.follow takes them, where the places follow from the batch before.
        outputs: of the network.
        landed: the copies to the host are done.
    """

    def __init__(self, device: Device, engine: StreamEngine, columns: int) -> None:
        """columns: of the tracks."""
        tracks = Spec((columns,), np.dtype(np.float32)), Spec((2,), np.dtype(np.float64))
        self.places, self.tracks, self.outputs = (Mirror(device, specs) for specs in (PLACES, tracks, engine.outputs))
        self.landed = device.event("keypoints landed")

    @property
    def memory(self) -> tuple[Mirror, ...]:
        return self.places, self.tracks, self.outputs

    @property
    def capacity(self) -> int:
        """Crops that it has memory for."""
        return min(each.capacity for each in self.memory)

    def wait(self) -> None:
        """Make the host wait for the results, or for the work of a call that failed."""
        if not self.landed.done():
            self.landed.wait()

    def read(self, count: int, size: int) -> tuple[Array, ...]:
        """The outputs of the first `count` crops of a batch of `size`, after `wait`."""
        return tuple(np.array(array.read()[:count]) for array in self.outputs.here(size))

    def read_places(self, count: int, size: int) -> tuple[F32, F32]:
        """Centers and scales of its crops, where these were computed on the device, after `wait`."""
        centers, scales = (np.array(array.read()[:count]) for array in self.places.here(size))
        return centers, scales

    def close(self) -> None:
        """Free the memory, when nothing in flight uses it."""
        for each in self.memory:
            each.close()


def fill(staged: Sequence[HostArray], values: Sequence[Array]) -> None:
    """Write the rows of a batch, and its first one to the rows that fill it up."""
    for array, rows in zip(staged, values, strict=True):
        target = array.write()
        target[: len(rows)], target[len(rows) :] = rows, rows[:1]
