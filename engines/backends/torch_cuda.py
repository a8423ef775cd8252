"""Torch on a GPU: a CUDA graph for each batch size, on a stream of its own, with page-locked buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.batches import BUCKETS, Batches, batch_sizes
from engines.errors import ModelError
from engines.faults import fault, shapes_text
from engines.onnx_torch import OnnxGraph

PREPARED = (1, 2, 4)
"""Batch sizes that are captured when the model is loaded; others when they are first met, which stops the stream for
some tenths of a second."""

WARM_UP = 3  # runs before a capture, in which the libraries choose their kernels

Shape = tuple[int, ...]
Compile = Callable[[nn.Module, list[Tensor]], nn.Module]


class TorchCudaSession:
    """One model on a GPU: a DeviceSession (engines.session). The batch is padded to one of BUCKETS.

    compile_module may replace the module of each batch size by what another compiler makes of it.
    """

    def __init__(self, backend: str, graph: OnnxGraph, precision: str, compile_module: Compile | None = None) -> None:
        self.backend = backend
        self.device = str(graph.device)
        self.precision = precision
        self._graph = graph
        self._compile = compile_module
        self._where = f"{backend} on {self.device}"
        self._stream = torch.cuda.Stream(graph.device)
        self._captured: dict[tuple[Shape, ...], _Captured] = {}
        sizes = batch_sizes([shape[0] for shape in graph.shapes], BUCKETS, graph.source) or BUCKETS
        self._batches = Batches(graph.source, sizes, padded=True)
        rest = [shape[1:] for shape in graph.shapes]
        if all(side is not None for shape in rest for side in shape):
            for size in set(sizes).intersection(PREPARED):
                self._capture(tuple((size, *(side or 0 for side in shape)) for shape in rest))

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return self._batches.run(self._run, inputs)

    def enqueue(self, *inputs: Any, stream: int | None = None) -> tuple[Tensor, ...]:
        """See DeviceSession: stream None is torch's current one; inputs are tensors or anything with DLPack."""
        device = self._graph.device
        caller = torch.cuda.current_stream(device) if stream is None else torch.cuda.ExternalStream(stream, device)
        with torch.cuda.stream(caller):
            tensors = tuple(x if isinstance(x, Tensor) else torch.from_dlpack(x) for x in inputs)
        for tensor in tensors:
            if tensor.device != device:
                raise ModelError(f"{self._graph.source}: an input is on {tensor.device}, the model on {device}")
        self._stream.wait_stream(caller)
        outputs = self._batches.run(self._run_there, tensors, torch.cat)
        caller.wait_stream(self._stream)
        for tensor in tensors:
            tensor.record_stream(self._stream)
        for output in outputs:
            output.record_stream(caller)
        return outputs

    def _run(self, inputs: tuple[NDArray[Any], ...], size: int) -> list[NDArray[Any]]:
        captured, rows = self._capture(_padded(inputs, size)), len(inputs[0])
        with self._on_stream(captured.shapes):
            for x, staging, target in zip(inputs, captured.staging_in, captured.inputs, strict=True):
                staging[:rows].copy_(torch.from_numpy(np.ascontiguousarray(x, np.float32)))
                target[:rows].copy_(staging[:rows], non_blocking=True)
            captured.graph.replay()
            for output, staging in zip(captured.outputs, captured.staging_out, strict=True):
                staging[:rows].copy_(output[:rows], non_blocking=True)
            self._stream.synchronize()
        return [np.array(staging[:rows].numpy()) for staging in captured.staging_out]

    def _run_there(self, inputs: tuple[Tensor, ...], size: int) -> list[Tensor]:
        captured, rows = self._capture(_padded(inputs, size)), len(inputs[0])
        with self._on_stream(captured.shapes):
            for x, target in zip(inputs, captured.inputs, strict=True):
                target[:rows].copy_(x)
            captured.graph.replay()
            return [output[:rows].clone() for output in captured.outputs]

    def _capture(self, shapes: tuple[Shape, ...]) -> _Captured:
        if shapes not in self._captured:
            module: nn.Module = self._graph.module(shapes)
            with self._on_stream(shapes):
                self._captured[shapes] = _Captured(module, shapes, self._graph.device, self._stream, self._compile)
        return self._captured[shapes]

    @contextmanager
    def _on_stream(self, shapes: tuple[Shape, ...]) -> Iterator[None]:
        try:
            with torch.inference_mode(), torch.cuda.device(self._graph.device), torch.cuda.stream(self._stream):
                yield
        except RuntimeError as error:
            failed = fault(error, self._graph.source, f"run it for {shapes_text(shapes)}", self._where)
        else:
            return
        raise failed


class _Captured:
    """A module for fixed shapes as a CUDA graph: fill `inputs`, replay `graph`, read `outputs`."""

    def __init__(
        self,
        module: nn.Module,
        shapes: tuple[Shape, ...],
        device: torch.device,
        stream: torch.cuda.Stream,
        compile_module: Compile | None,
    ) -> None:
        self.shapes = shapes
        self.inputs = [torch.zeros(shape, device=device) for shape in shapes]
        if compile_module is not None:
            module = compile_module(module, self.inputs)
        # TensorFloat-32 has float16's precision: "fp32" means float32.
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
            for _ in range(WARM_UP):
                module(*self.inputs)
            stream.synchronize()
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, stream=stream):
                self.outputs = [output.contiguous() for output in module(*self.inputs)]
        self._module = module  # the graph reads its weights where they lie
        self.staging_in = [torch.zeros(shape, pin_memory=True) for shape in shapes]
        self.staging_out = [torch.empty(y.shape, dtype=y.dtype, pin_memory=True) for y in self.outputs]


def _padded(inputs: tuple[Any, ...], size: int) -> tuple[Shape, ...]:
    """The shapes of a batch of `size` rows like these inputs."""
    return tuple((size, *x.shape[1:]) for x in inputs)
