"""Rotations of rigs on the device: what a fit needs in, rotations and errors out into page-locked memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

import edge_kernels
from edge.stages.inverse_kinematics import fit_on_host
from edge.types import F32, I32, U8, Array
from edge_kernels.reference.fit_rotations import fit_workspace_numbers
from engines.device.base import Device, Spec, Stream
from engines.device.constants import uploaded
from engines.device.graphs import StepGraphs
from engines.device.mirror import Mirror
from engines.device.packed import Packed
from engines.errors import OutOfMemoryError

log = logging.getLogger("meshcast.gpu")

FLOAT, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


class GpuFit:
    """A FitRotations (edge.stages.inverse_kinematics) on a device, with the rig's constants there.

    Fewer people than `least` are fitted on the host: on the device a person is a thread block, so that one takes as
    long as many. One caller at a time. The host waits once a call.
    """

    def __init__(self, device: Device, stream: Stream, rig: tuple[U8, F32, I32], least: int) -> None:
        """rig: joints (V, 4), weights (V, 4) and parents (P,). least: people of a fit on the device."""
        joints, vertices = len(rig[2]), len(rig[0])
        self._on_host = fit_on_host(*rig)
        self._least, self._stream = least, stream
        skeleton = Spec((joints, 3), FLOAT)
        points, turns, number = Spec((vertices, 3), FLOAT), Spec((joints, 3, 3), FLOAT), Spec((), FLOAT)
        self._constants = uploaded(device, stream, rig, "rig")
        self._given = Mirror(device, (points, skeleton, points, turns, number))
        self._made = Mirror(device, (turns, number))
        self._workspace = Packed(device.array, [Spec((fit_workspace_numbers(joints),), DOUBLE)])
        self._graphs = StepGraphs(stream, "inverse kinematics")
        self._done = device.event("rotations landed")

    def __call__(
        self,
        rest: F32,
        rest_joints: F32,
        vertices: F32,
        prior: F32,
        stiffness: F32,
        rotations: F32,
        error: F32,
    ) -> None:
        """See edge_kernels.fit_rotations."""
        if len(rest) >= self._least and self._reserve(len(rest)):
            self._fit((rest, rest_joints, vertices, prior, stiffness), (rotations, error))
        else:
            self._on_host(rest, rest_joints, vertices, prior, stiffness, rotations, error)

    def close(self) -> None:
        """Free the memory, after waiting for the work that uses it."""
        self._wait()
        self._graphs.clear()
        for memory in (self._given, self._made, self._workspace):
            memory.close()
        for constant in self._constants:
            constant.close()

    def _fit(self, given: Sequence[Array], made: Sequence[Array]) -> None:
        count, stream = len(given[0]), self._stream
        self._wait()  # for a call that failed
        for staged, rows in zip(self._given.here(count), given, strict=True):
            staged.write()[:] = rows

        def work(handle: int, *arrays: Any) -> None:
            edge_kernels.fit_rotations(*(*arrays, handle))

        def step() -> None:
            self._given.up(stream, count)
            reads = [*self._constants, *self._given.there(count)]
            stream.launch("inverse kinematics", work, reads, [*self._made.there(count), *self._workspace.parts(count)])
            self._made.down(stream, count)

        try:
            self._graphs.run(count, step)
        finally:
            stream.record(self._done)
        self._done.wait()
        for target, landed in zip(made, self._made.here(count), strict=True):
            target[:] = landed.read()

    def _reserve(self, count: int) -> bool:
        """Make room for `count` people; False where there is no memory, which is logged once."""
        parts = (self._given, self._made, self._workspace)
        if min(part.capacity for part in parts) >= count:
            return True
        self._wait()
        self._graphs.clear()
        try:
            for part in parts:
                part.reserve(count)
        except OutOfMemoryError as error:
            log.warning("%s; rotations of %d people and more are fitted on the host", error, count)
            self._least = 1 << 30
            return False
        return True

    def _wait(self) -> None:
        if not self._done.done():
            self._done.wait()
