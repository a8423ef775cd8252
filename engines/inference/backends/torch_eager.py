"""Torch: the reference on a CPU, and a GPU engine without a build step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engines.backend_errors import classify_error, shapes_text
from engines.errors import ModelError
from engines.files.install_hint import install_hint
from engines.inference.batching import BatchRunner, batch_sizes

if TYPE_CHECKING:
    from engines.inference.backends.torch_cuda import TorchCudaSession

try:
    import torch

    from engines.onnx_tools.half_precision import to_half
    from engines.onnx_tools.to_torch import OnnxGraph, OnnxModule
except ImportError as error:
    raise ModelError(f"torch: torch or onnx cannot be imported ({error}); {install_hint('torch')}") from None

_BF16_CAPABILITY = (8, 0)


class Torch:
    """Torch, in floating point: it has no INT8 arithmetic, so that quantized models would be slow."""

    def devices(self) -> tuple[str, ...]:
        return (*(f"cuda:{index}" for index in range(torch.cuda.device_count())), "cpu")

    def precisions(self, device: str) -> tuple[str, ...]:
        if device == "cpu":
            return ("fp32", "bf16")
        able = torch.cuda.get_device_capability(device) >= _BF16_CAPABILITY
        return ("fp32", "bf16", "fp16") if able else ("fp32", "fp16")

    def load(
        self, model: bytes, source: str, device: str, precision: str, threads: int | None
    ) -> TorchSession | TorchCudaSession:
        """threads applies to all of torch in this process, which has one thread pool."""
        graph = read_graph(model, source, device, precision)
        if threads is not None:
            torch.set_num_threads(threads)
        if device == "cpu":
            return TorchSession(graph, precision)
        from engines.inference.backends.torch_cuda import TorchCudaSession

        return TorchCudaSession("torch", graph, precision)


def read_graph(model: bytes, source: str, device: str, precision: str) -> OnnxGraph:
    """An ONNX model on a device, with its products in the precision."""
    return OnnxGraph(model if precision == "fp32" else to_half(model, precision, source), source, device)


class TorchSession:
    """One model on the CPU, any batch size."""

    backend = "torch"
    device = "cpu"

    def __init__(self, graph: OnnxGraph, precision: str) -> None:
        self.precision = precision
        self._graph = graph
        self._modules: dict[tuple[tuple[int, ...], ...], OnnxModule] = {}
        firsts = [shape[0] for shape in graph.shapes if shape]
        self._batches = BatchRunner(graph.source, batch_sizes(firsts, None, graph.source))

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return self._batches.run(self._run, inputs)

    def _run(self, inputs: tuple[NDArray[Any], ...], _size: int) -> list[NDArray[Any]]:
        shapes = tuple(x.shape for x in inputs)
        if shapes not in self._modules:
            self._modules[shapes] = self._graph.module(shapes)
        try:
            with torch.inference_mode():
                made = self._modules[shapes](*(torch.from_numpy(np.ascontiguousarray(x)) for x in inputs))
            return [np.array(y.numpy()) for y in made]
        except (RuntimeError, MemoryError) as error:
            doing = f"run it for {shapes_text(shapes)}"
            raise classify_error(error, self._graph.source, doing, "torch on cpu") from None
