"""OpenVINO, the default engine on a CPU."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.backend_errors import classify_error, shapes_text
from engines.errors import ModelError
from engines.inference.batching import batch_sizes
from engines.inference.build_progress import OnBuild
from engines.inference.process_exit import native_calls

# openvino reports its import to a web service through this package; None makes it use its built-in stub.
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

LANES = 4
"""Samples of a call that run in parallel, each on a part of the threads, which is faster than one after the other on
all threads. A single sample gets all threads. The results are the same."""

WARM_CALLS = 3
"""Calls of a new session after which the graph for several samples is compiled; the first is a stage's warm-up, the
second belongs to the first frame."""

SMALL_PRODUCT = 256
"""A chain of products with weights no larger than this in both directions may be compiled into one snippet."""

Shapes: TypeAlias = tuple[tuple[int, ...], ...]

_HINTS = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}


class OpenVino:
    """Devices and precisions of OpenVINO on this machine."""

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def precisions(self, device: str) -> tuple[str, ...]:
        able = _core().get_property(device.upper(), "OPTIMIZATION_CAPABILITIES")
        return tuple(name for name, key in (("fp32", "FP32"), ("bf16", "BF16"), ("int8", "INT8")) if key in able)

    def load(
        self,
        model: bytes,
        source: str,
        device: str,
        precision: str,
        threads: int | None,
        on_build: OnBuild | None = None,
    ) -> OpenVinoSession:
        return OpenVinoSession(model, source, device, precision, threads)


class OpenVinoSession:
    """One model on one device: a static graph for each shape of a sample, compiled on first use."""

    backend = "openvino"

    def __init__(self, model: bytes, source: str, device: str, precision: str, threads: int | None) -> None:
        self.device = device
        self.precision = precision
        self._source = source
        self._threads = threads or len(os.sched_getaffinity(0))
        self._config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "INFERENCE_NUM_THREADS": self._threads,
            "ENABLE_CPU_PINNING": False,
        }
        try:
            self._model = _core().read_model(model, b"")
        except RuntimeError as error:
            raise ModelError(f"{source}: OpenVINO cannot read it ({_last_line(error)})") from None
        # OpenVINO 2026.4 has a segmentation fault when it compiles such a chain in float32 for one thread per stream;
        # as single layers it compiles, with the same results.
        if self._config["INFERENCE_PRECISION_HINT"] == "f32" and _small_products(self._model) >= 2:
            self._config["SNIPPETS_MODE"] = "DISABLE"
        self._lanes: dict[Shapes, _Lanes] = {}
        shapes = [entry.get_partial_shape() for entry in self._model.inputs]
        batch_sizes((shape[0].get_length() if shape[0].is_static else None for shape in shapes), None, source)
        if all(shape[axis].is_static for shape in shapes for axis in range(1, len(shape))):
            self._lanes_for(
                tuple((1, *(shape[axis].get_length() for axis in range(1, len(shape)))) for shape in shapes)
            )

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        shapes = tuple((1, *x.shape[1:]) for x in inputs)
        lanes = self._lanes_for(shapes)
        rows = [[np.ascontiguousarray(x[row : row + 1]) for x in inputs] for row in range(len(inputs[0]))]
        try:
            results = lanes.run(rows)
        except (RuntimeError, MemoryError) as error:
            raise self._classified_error(error, shapes) from None
        if len(results) == 1:
            return tuple(results[0])
        if not results:
            return tuple(np.empty((0, *shape[1:]), np.float32) for shape in lanes.output_shapes)
        return tuple(np.concatenate(outputs) for outputs in zip(*results, strict=True))

    def _lanes_for(self, shapes: Shapes) -> _Lanes:
        if shapes not in self._lanes:
            try:
                static = self._model.clone()
                static.reshape(dict(zip(static.inputs, map(ov.PartialShape, map(list, shapes)), strict=True)))
                self._lanes[shapes] = _Lanes(static, self.device, self._config, min(LANES, self._threads))
            except (RuntimeError, MemoryError) as error:
                raise self._classified_error(error, shapes) from None
        return self._lanes[shapes]

    def _classified_error(self, error: Exception, shapes: Shapes) -> ModelError:
        return classify_error(error, self._source, f"run it for {shapes_text(shapes)}", "OpenVINO", _last_line(error))


class _Lanes:
    """A static graph for one sample, compiled for one sample on all threads and for several in parallel.

    The second compilation begins after WARM_CALLS calls, on a thread of its own: the first frame of one person does not
    wait for it. A call with several samples does, so that its results do not depend on time.
    """

    def __init__(self, model: ov.Model, device: str, config: dict[str, Any], count: int) -> None:
        self._several: list[ov.InferRequest] = []
        self._failed: Exception | None = None
        self._lock, self._calls = threading.Lock(), 0
        self._compiling: threading.Thread | None = None
        if count > 1:
            arguments = model.clone(), device.upper(), config | {"NUM_STREAMS": count}, count
            # A daemon thread in `native_calls`: the end of the process waits for it, or keeps it from starting.
            self._compiling = threading.Thread(target=self._compile, args=arguments, name="compile", daemon=True)
        alone = _core().compile_model(model, device.upper(), config)
        self.output_shapes = [tuple(output.get_shape()) for output in alone.outputs]
        self._alone = alone.create_infer_request()

    def _compile(self, model: ov.Model, device: str, config: dict[str, Any], count: int) -> None:
        with native_calls:
            try:
                compiled = _core().compile_model(model, device, config)
                self._several = [compiled.create_infer_request() for _ in range(count)]
            except (RuntimeError, MemoryError) as error:
                self._failed = error

    def _start_compiling(self) -> None:
        with self._lock:
            if self._compiling is not None and self._compiling.ident is None:
                self._compiling.start()

    def _requests(self, samples: int) -> list[ov.InferRequest]:
        """The requests for a number of samples; those for several run at the same time."""
        if samples == 1 or self._compiling is None:
            return [self._alone]
        self._start_compiling()
        self._compiling.join()
        if self._failed is not None:
            raise self._failed
        return self._several

    def run(self, rows: list[list[NDArray[Any]]]) -> list[list[NDArray[Any]]]:
        """The outputs of each sample."""
        results = []
        most = len(self._requests(len(rows)))
        for first in range(0, len(rows), most):
            some = rows[first : first + most]
            requests = self._requests(len(some))
            for request, row in zip(requests, some, strict=False):
                request.start_async(row, share_inputs=True)
            busy = list(requests[: len(some)])
            try:
                while busy:
                    request = busy.pop(0)
                    request.wait()
                    found = request.results
                    results.append([np.array(found[index]) for index in range(len(found))])
            finally:
                for request in busy:  # one has failed; the others still read their inputs
                    with suppress(RuntimeError):
                        request.wait()
        self._calls += 1
        if self._calls >= WARM_CALLS:
            self._start_compiling()
        return results


def _small_products(model: ov.Model) -> int:
    """The number of products of flat features with weights of at most SMALL_PRODUCT rows and columns."""
    count = 0
    for node in model.get_ops():
        if node.get_type_name() not in ("MatMul", "Gemm"):
            continue
        features, weights = (node.input(index).get_partial_shape() for index in (0, 1))
        flat = features.rank.is_static and len(features) == 2
        if flat and weights.is_static and len(weights) == 2 and max(weights.to_shape()) <= SMALL_PRODUCT:
            count += 1
    return count


@cache
def _core() -> ov.Core:
    return ov.Core()


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
