"""OpenVINO, the default engine on a CPU."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.backend_errors import classify_error, shapes_text
from engines.errors import ModelError
from engines.inference.backends.openvino_graphs import Batches, Graphs, Lanes
from engines.inference.batching import batch_sizes
from engines.inference.build_progress import OnBuild
from engines.inference.compiled_cache import find_compiled, forget_compiled, keep_compiled
from engines.inference.plan_cache import Key, model_digest
from engines.onnx_file.protobuf import DamagedError
from engines.onnx_file.signature import read_signature

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

log = logging.getLogger("meshcast.engines")

OWN_SHAPES = "of the model"
"""In place of the shapes of a graph's key, where the model itself says them."""

LANES = 4
"""Samples of a call that run in parallel, each on a part of the threads, which is faster than one after the other on
all threads. A single sample gets all threads, or that part where the processors are busy. The results are the same."""

BATCHES = (2, 4)
"""Batch sizes of networks of flat features, whose weights are read once for a batch: reading them is most of the work.
They run on one thread, which reads them as fast as two do, and the threads of an engine wait for work in a loop."""

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
        self._flat = _takes_flat_features(model)
        self._threads = 1 if self._flat else threads or len(os.sched_getaffinity(0))
        self._config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "INFERENCE_NUM_THREADS": self._threads,
            "ENABLE_CPU_PINNING": False,
        }
        self._settings = dict(self._config)  # for keys; what is added later depends on the model and OpenVINO only
        self._reading = threading.Lock()
        self._model: bytes | ov.Model = model
        self._digest = model_digest(model)
        self._graphs: dict[Shapes, Graphs] = {}
        own = self._key(OWN_SHAPES)
        compiled = self._imported(own)
        if compiled is not None:  # the model is read only when a graph has to be compiled
            shapes = tuple(tuple(entry.get_shape()) for entry in compiled.inputs)
            self._graphs[shapes] = self._graphs_of(compiled, shapes, None)
            return
        partial = [entry.get_partial_shape() for entry in self._read().inputs]
        batch_sizes((shape[0].get_length() if shape[0].is_static else None for shape in partial), None, source)
        if all(shape[axis].is_static for shape in partial for axis in range(1, len(shape))):
            shapes = tuple((1, *(shape[axis].get_length() for axis in range(1, len(shape)))) for shape in partial)
            self._add_graphs(shapes, own)

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        shapes = tuple((1, *x.shape[1:]) for x in inputs)
        graphs = self._graphs_for(shapes)
        rows = [[np.ascontiguousarray(x[row : row + 1]) for x in inputs] for row in range(len(inputs[0]))]
        try:
            results = graphs.run(rows)
        except (RuntimeError, MemoryError) as error:
            raise self._classified_error(error, shapes) from None
        if len(results) == 1:
            return tuple(results[0])
        if not results:
            return tuple(np.empty((0, *shape[1:]), np.float32) for shape in graphs.output_shapes)
        return tuple(np.concatenate(outputs) for outputs in zip(*results, strict=True))

    def _read(self) -> ov.Model:
        """The model, read at the first call; the background thread may be the first caller."""
        with self._reading:
            if isinstance(self._model, bytes):
                try:
                    self._model = _core().read_model(self._model, b"")
                except RuntimeError as error:
                    raise ModelError(f"{self._source}: OpenVINO cannot read it ({_last_line(error)})") from None
                # OpenVINO 2026.4 has a segmentation fault when it compiles such a chain in float32 for one thread per
                # stream; as single layers it compiles, with the same results.
                if self._config["INFERENCE_PRECISION_HINT"] == "f32" and _small_products(self._model) >= 2:
                    self._config["SNIPPETS_MODE"] = "DISABLE"
            return self._model

    def _graphs_for(self, shapes: Shapes) -> Graphs:
        if shapes not in self._graphs:
            key = self._key(shapes_text(shapes))
            compiled = self._imported(key)
            if compiled is None:
                self._add_graphs(shapes, key)
            else:
                self._graphs[shapes] = self._graphs_of(compiled, shapes, None)
        return self._graphs[shapes]

    def _add_graphs(self, shapes: Shapes, key: Key) -> None:
        """Compiles the graph for one sample; once it is warm, it is cached."""
        try:
            compiled = self._compiled(shapes, {})
        except (RuntimeError, MemoryError) as error:
            raise self._classified_error(error, shapes) from None
        self._graphs[shapes] = self._graphs_of(compiled, shapes, key)

    def _graphs_of(self, compiled: ov.CompiledModel, shapes: Shapes, key: Key | None) -> Graphs:
        def keep() -> None:
            if key is not None:
                keep_compiled(key, self._source, lambda: compiled.export_model().getvalue())

        if self._flat:
            return Batches(compiled, lambda size: self._compiled(_batch(shapes, size), {}), BATCHES, keep)
        count = min(LANES, self._threads)
        return Lanes(compiled, lambda: self._compiled(shapes, {"NUM_STREAMS": count}), count, keep)

    def _compiled(self, shapes: Shapes, more: dict[str, Any]) -> ov.CompiledModel:
        static = self._read().clone()
        static.reshape(dict(zip(static.inputs, map(ov.PartialShape, map(list, shapes)), strict=True)))
        return _core().compile_model(static, self.device.upper(), self._config | more)

    def _imported(self, key: Key) -> ov.CompiledModel | None:
        """The cached graph; None where there is none, or OpenVINO rejects it."""
        graph = find_compiled(key, self._source)
        if graph is None:
            return None
        try:
            # A tensor is imported without the copy that a stream costs.
            return _core().import_model(ov.Tensor(np.frombuffer(graph, np.uint8)), self.device.upper(), self._config)
        except RuntimeError as error:
            log.info("%s: OpenVINO rejects its cached graph (%s)", self._source, _last_line(error))
            forget_compiled(key)
            return None

    def _key(self, shapes: str) -> Key:
        return Key(
            model=self._digest,
            backend=self.backend,
            version=ov.__version__,
            device=_processor(self.device.upper()),
            precision=self.precision,
            shapes=shapes,
            settings=json.dumps(self._settings),
        )

    def _classified_error(self, error: Exception, shapes: Shapes) -> ModelError:
        return classify_error(error, self._source, f"run it for {shapes_text(shapes)}", "OpenVINO", _last_line(error))


def _batch(shapes: Shapes, size: int) -> Shapes:
    return tuple((size, *shape[1:]) for shape in shapes)


def _takes_flat_features(model: bytes) -> bool:
    """Whether samples are vectors and batches of any size are possible."""
    try:
        shapes = [entry.shape for entry in read_signature(model).inputs]
    except DamagedError:
        return False
    return all(shape is not None and len(shape) == 2 and shape[0] is None for shape in shapes)


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


@cache
def _processor(device: str) -> str:
    """The processor's name and a digest of its instruction sets, by which OpenVINO chooses operations."""
    features = ""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    able = sorted(_core().get_property(device, "OPTIMIZATION_CAPABILITIES"))
    instructions = " ".join(sorted(features.partition(":")[2].split()) + able)
    return f"{_core().get_property(device, 'FULL_DEVICE_NAME')}, {model_digest(instructions.encode())[:16]}"


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
