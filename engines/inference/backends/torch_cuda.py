"""Torch on a GPU: a CUDA graph for each batch size, on a separate stream, with page-locked buffers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.dlpack import from_dlpack

from engines.backend_errors import classify_error, shapes_text
from engines.errors import ModelError
from engines.inference.batching import BUCKETS, BatchRunner, batch_sizes
from engines.onnx_tools.to_torch import OnnxGraph

PREPARED = (1, 2, 4)
"""Batch sizes that are captured when the model is loaded; others are captured on first use, which takes some tenths of
a second."""

WARM_UP = 3  # runs before a capture, in which the libraries select kernels

_cuda: Any = torch.cuda  # its classes have no types

Shape = tuple[int, ...]
_ONE_CAPTURE = threading.Lock()

Compile = Callable[[nn.Module, list[Tensor]], nn.Module]


class TorchCudaSession:
    """One model on a GPU: a DeviceSession (engines.inference.session). The batch is padded to one of BUCKETS.

    compile_module may compile the module of each batch size.
    """

    captures = False  # it has graphs of its own, with memory of torch

    def __init__(self, backend: str, graph: OnnxGraph, precision: str, compile_module: Compile | None = None) -> None:
        self.backend = backend
        self.device = str(graph.device)
        self.precision = precision
        self._graph = graph
        self._compile = compile_module
        self._where = f"{backend} on {self.device}"
        self._stream = _cuda.Stream(graph.device)
        self._pool = _cuda.graph_pool_handle()  # graphs of one stream never run concurrently, so they share memory
        self._captured: dict[tuple[Shape, ...], _Captured] = {}
        sizes = batch_sizes([shape[0] for shape in graph.shapes], BUCKETS, graph.source) or BUCKETS
        self._batches = BatchRunner(graph.source, sizes, padded=True)
        rest = [shape[1:] for shape in graph.shapes]
        if all(side is not None for shape in rest for side in shape):
            for size in sorted(set(sizes).intersection(PREPARED)):
                self(*(np.zeros((size, *(side or 0 for side in shape)), np.float32) for shape in rest))

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return self._batches.run(self._run, inputs)

    def enqueue(self, *inputs: Any, stream: int | None = None) -> tuple[Tensor, ...]:
        """See DeviceSession: stream None is torch's current one; inputs are tensors or anything with DLPack."""
        device = self._graph.device
        caller = _cuda.current_stream(device) if stream is None else _cuda.ExternalStream(stream, device)
        with _cuda.stream(caller):
            tensors = tuple(x if isinstance(x, Tensor) else from_dlpack(x) for x in inputs)
        for tensor in tensors:
            if tensor.device != device:
                raise ModelError(
                    f"{self._graph.source}: an input is on {tensor.device}; the model needs it on {device}"
                )
        self._stream.wait_stream(caller)
        outputs = self._batches.run(self._run_there, tensors, torch.cat)
        caller.wait_stream(self._stream)
        for tensor in tensors:
            tensor.record_stream(self._stream)
        for output in outputs:
            output.record_stream(caller)
        return outputs

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        """See engines.inference.stream_engine.EnqueuingSession."""
        made = self.enqueue(*inputs, stream=stream)
        with torch.inference_mode(), _cuda.stream(_cuda.ExternalStream(stream, self._graph.device)):
            for target, source in zip(outputs, made, strict=True):
                (target if isinstance(target, Tensor) else from_dlpack(target)).copy_(source)

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
            with self._on_stream(shapes):
                module: nn.Module = self._graph.module(shapes)
                inputs = [torch.zeros(shape, device=self._graph.device) for shape in shapes]
                if self._compile is not None:
                    module = self._compile(module, inputs)
                self._captured[shapes] = _Captured(module, inputs, self._stream, self._pool)
        return self._captured[shapes]

    @contextmanager
    def _on_stream(self, shapes: tuple[Shape, ...]) -> Iterator[None]:
        try:
            with torch.inference_mode(), _cuda.device(self._graph.device), _cuda.stream(self._stream):
                yield
        except RuntimeError as error:
            failed = classify_error(error, self._graph.source, f"run it for {shapes_text(shapes)}", self._where)
        else:
            return
        raise failed


class _Captured:
    """A module for fixed shapes as a CUDA graph: fill `inputs`, replay `graph`, read `outputs`."""

    def __init__(self, module: nn.Module, inputs: list[Tensor], stream: Any, pool: Any) -> None:
        self.shapes = tuple(tuple(x.shape) for x in inputs)
        self.inputs = inputs
        self._module = module  # owns the weights that the graph reads
        # TensorFloat-32 has float16's precision: "fp32" means float32. Other threads may use the GPU at the same
        # time, but only one may capture.
        with _ONE_CAPTURE, torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
            for _ in range(WARM_UP):
                module(*inputs)
            stream.synchronize()
            self.graph = _cuda.CUDAGraph()
            with _cuda.graph(self.graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
                self.outputs = [output.contiguous() for output in module(*inputs)]
        self.staging_in = [_pinned(x) for x in inputs]
        self.staging_out = [_pinned(output) for output in self.outputs]


def _pinned(like: Tensor) -> Tensor:
    """Page-locked memory of the host for the contents of a tensor."""
    return torch.zeros(like.shape, dtype=like.dtype, pin_memory=True)


def _padded(inputs: tuple[Any, ...], size: int) -> tuple[Shape, ...]:
    """The shapes of a batch of `size` samples like these inputs."""
    return tuple((size, *x.shape[1:]) for x in inputs)
