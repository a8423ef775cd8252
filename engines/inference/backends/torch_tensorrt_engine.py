"""Torch-TensorRT: the module of the torch engine, with the supported parts compiled by TensorRT."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from engines.errors import ModelError
from engines.inference.backends.torch_cuda import TorchCudaSession
from engines.inference.backends.torch_eager import Torch, read_graph

try:
    import torch_tensorrt
except ImportError as error:
    raise ModelError(
        f"torch_tensorrt cannot be imported ({error}); pip install torch-tensorrt in the version of torch"
    ) from None


class TorchTensorRt(Torch):
    """The CUDA devices of torch; the precisions are those that the model is converted to."""

    def devices(self) -> tuple[str, ...]:
        return tuple(device for device in super().devices() if device != "cpu")

    def load(self, model: bytes, source: str, device: str, precision: str, threads: int | None) -> TorchCudaSession:
        graph = read_graph(model, source, device, precision)
        return TorchCudaSession("torch_tensorrt", graph, precision, _compiled)


def _compiled(module: nn.Module, inputs: list[Tensor]) -> nn.Module:
    compiled: Any = torch_tensorrt.compile(
        module, ir="dynamo", arg_inputs=inputs, use_explicit_typing=True, disable_tf32=True
    )
    made: nn.Module = compiled
    return made
