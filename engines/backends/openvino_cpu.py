"""OpenVINO, the default engine on a CPU."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.batches import Batches, batch_sizes
from engines.errors import ModelError
from engines.faults import fault, shapes_text

# Importing openvino reports the import to a web service through this package; None makes it take its built-in stub.
_silenced = "openvino_telemetry" not in sys.modules and "openvino" not in sys.modules
if _silenced:
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
try:
    import openvino as ov
except ImportError as error:
    raise ModelError(f"openvino cannot be imported ({error}); pip install openvino") from None
finally:
    if _silenced:
        del sys.modules["openvino_telemetry"]

BATCHES = (1, 4)
"""Batch sizes that are compiled. Other batches are run in parts of these: a new size would cost 0.1 to 0.6 s of
compilation in mid-stream, and a graph with free axes is up to twice as slow."""

_HINTS = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}


class OpenVino:
    """Devices and precisions of OpenVINO on this machine."""

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def precisions(self, device: str) -> tuple[str, ...]:
        able = _core().get_property(device.upper(), "OPTIMIZATION_CAPABILITIES")
        return tuple(name for name, key in (("fp32", "FP32"), ("bf16", "BF16"), ("int8", "INT8")) if key in able)

    def load(self, model: bytes, source: str, device: str, precision: str, threads: int | None) -> OpenVinoSession:
        return OpenVinoSession(model, source, device, precision, threads)


class OpenVinoSession:
    """One model on one device: a static graph for each input shape and batch size, compiled when first met."""

    backend = "openvino"

    def __init__(self, model: bytes, source: str, device: str, precision: str, threads: int | None) -> None:
        self.device = device
        self.precision = precision
        self._source = source
        self._config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "ENABLE_CPU_PINNING": False,
        }
        if threads is not None:
            self._config["INFERENCE_NUM_THREADS"] = threads
        try:
            self._model = _core().read_model(model, b"")
        except RuntimeError as error:
            raise ModelError(f"{source}: not a model that OpenVINO can read ({_last_line(error)})") from None
        self._requests: dict[tuple[tuple[int, ...], ...], ov.InferRequest] = {}
        shapes = [entry.get_partial_shape() for entry in self._model.inputs]
        firsts = [shape[0].get_length() if shape[0].is_static else None for shape in shapes]
        sizes = batch_sizes(firsts, BATCHES, source) or BATCHES
        self._batches = Batches(source, sizes)
        if all(shape[axis].is_static for shape in shapes for axis in range(1, len(shape))):
            for batch in sizes:
                self._request(
                    tuple((batch, *(shape[axis].get_length() for axis in range(1, len(shape)))) for shape in shapes)
                )

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return self._batches.run(self._run, inputs)

    def _run(self, inputs: tuple[NDArray[Any], ...], _size: int) -> list[NDArray[Any]]:
        shapes = tuple(x.shape for x in inputs)
        request = self._request(shapes)
        try:
            results = request.infer([np.ascontiguousarray(x) for x in inputs], share_inputs=True)
        except (RuntimeError, MemoryError) as error:
            raise self._fault(error, shapes) from None
        return [np.array(results[index]) for index in range(len(results))]

    def _request(self, shapes: tuple[tuple[int, ...], ...]) -> ov.InferRequest:
        if shapes not in self._requests:
            try:
                static = self._model.clone()
                static.reshape(dict(zip(static.inputs, map(ov.PartialShape, map(list, shapes)), strict=True)))
                self._requests[shapes] = (
                    _core().compile_model(static, self.device.upper(), self._config).create_infer_request()
                )
            except (RuntimeError, MemoryError) as error:
                raise self._fault(error, shapes) from None
        return self._requests[shapes]

    def _fault(self, error: Exception, shapes: tuple[tuple[int, ...], ...]) -> ModelError:
        return fault(error, self._source, f"run it for {shapes_text(shapes)}", "OpenVINO", _last_line(error))


@cache
def _core() -> ov.Core:
    return ov.Core()


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
