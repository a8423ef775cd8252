"""ONNX Runtime on the CPU, the portable second engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError

try:
    import onnxruntime as ort
except ImportError as error:
    raise ModelError(f"onnxruntime cannot be imported ({error}); pip install meshcast[onnxruntime]") from None


class OnnxRuntime:
    """Devices and precisions of ONNX Runtime here: the CPU in float32 and INT8."""

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def precisions(self, device: str) -> tuple[str, ...]:
        return ("fp32", "int8")

    def load(self, model: bytes, source: str, device: str, precision: str, threads: int | None) -> OnnxRuntimeSession:
        return OnnxRuntimeSession(model, source, device, precision, threads)


class OnnxRuntimeSession:
    """One model on the CPU, any batch size."""

    backend = "onnxruntime"

    def __init__(self, model: bytes, source: str, device: str, precision: str, threads: int | None) -> None:
        self.device = device
        self.precision = precision
        self._source = source
        options = ort.SessionOptions()
        options.add_session_config_entry(
            "session.intra_op.allow_spinning", "0"
        )  # spinning threads starve the other stages
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common public base
            raise ModelError(
                f"{source}: not a model that ONNX Runtime can use ({str(error).splitlines()[0]})"
            ) from None
        self._names = [entry.name for entry in self._session.get_inputs()]
        batches = [entry.shape[0] for entry in self._session.get_inputs() if entry.shape]
        # A model exported with a fixed batch runs people one by one.
        self._one_by_one = any(isinstance(batch, int) for batch in batches)
        if any(isinstance(batch, int) and batch != 1 for batch in batches):
            raise ModelError(
                f"{source}: its batch is fixed at {batches[0]}; export it with a free batch axis, or with 1"
            )

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        if not self._one_by_one or len(inputs[0]) == 1:
            return self._run(inputs)
        rows = [self._run(tuple(x[row : row + 1] for x in inputs)) for row in range(len(inputs[0]))]
        return tuple(np.concatenate(outputs) for outputs in zip(*rows, strict=True))

    def _run(self, inputs: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], ...]:
        try:
            return tuple(self._session.run(None, dict(zip(self._names, inputs, strict=True))))
        except Exception as error:  # its errors have no common public base
            shapes = " and ".join(" x ".join(map(str, x.shape)) for x in inputs)
            raise ModelError(f"{self._source}: cannot run for {shapes} ({str(error).splitlines()[0]})") from None
