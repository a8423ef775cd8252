"""ONNX Runtime on the CPU, the portable second engine."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from engines.backend_errors import classify_error, first_line, is_out_of_memory, shapes_text
from engines.errors import ModelError
from engines.files.install_hint import install_hint
from engines.inference.batching import BatchRunner, batch_sizes

try:
    import onnxruntime as ort
except ImportError as error:
    raise ModelError(f"onnxruntime cannot be imported ({error}); {install_hint('onnxruntime')}") from None


class OnnxRuntime:
    """ONNX Runtime on the CPU, in float32 and INT8."""

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
        )  # spinning threads take cores from the other stages
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common public base
            if is_out_of_memory(error):
                raise classify_error(error, source, "load it", "ONNX Runtime") from None
            raise ModelError(f"{source}: ONNX Runtime cannot load it ({first_line(error)})") from None
        self._names = [entry.name for entry in self._session.get_inputs()]
        firsts = [entry.shape[0] for entry in self._session.get_inputs() if entry.shape]
        self._batches = BatchRunner(source, batch_sizes(firsts, None, source))

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return self._batches.run(self._run, inputs)

    def _run(self, inputs: tuple[NDArray[Any], ...], _size: int) -> list[NDArray[Any]]:
        try:
            return list(self._session.run(None, dict(zip(self._names, inputs, strict=True))))
        except Exception as error:  # its errors have no common public base
            doing = f"run it for {shapes_text(x.shape for x in inputs)}"
            raise classify_error(error, self._source, doing, "ONNX Runtime") from None
