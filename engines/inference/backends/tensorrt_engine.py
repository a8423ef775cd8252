"""TensorRT and TensorRT-RTX, with plans for this GPU from the plan cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.backend_errors import classify_error, first_line, shapes_text
from engines.errors import ModelError
from engines.inference.backends.tensorrt_build import (
    build_plan,
    capability_name,
    failure,
    interface,
    logger,
    targets,
)
from engines.inference.backends.tensorrt_run import LoadedPlan
from engines.inference.batching import BUCKETS, BatchRunner, batch_sizes
from engines.inference.build_progress import OnBuild
from engines.inference.cuda import driver as cuda
from engines.inference.cuda.memory import DeviceArray, DeviceView, Memory
from engines.inference.plan_cache import Key, cached_plan, forget, model_digest

_BF16_CAPABILITY = (8, 0)

Shape = tuple[int, ...]


class TensorRt:
    """The GPUs that an interface, "tensorrt" or "tensorrt_rtx", can use; dla: with this core of a deep learning
    accelerator for the layers that it supports."""

    def __init__(self, name: str, dla: int | None = None) -> None:
        self.name, self._dla = name, dla
        interface(name)  # raises when it is missing

    def devices(self) -> tuple[str, ...]:
        served = targets(self.name)
        gpus = (cuda.gpu(index) for index in range(cuda.device_count()))
        return tuple(f"cuda:{gpu.index}" for gpu in gpus if not served or capability_name(gpu.capability) in served)

    def precisions(self, device: str) -> tuple[str, ...]:
        if self._dla is not None:
            return "fp16", "int8"
        bf16 = ("bf16",) if cuda.gpu(_index(device)).capability >= _BF16_CAPABILITY else ()
        return ("fp32", *bf16, "fp16", "int8")

    def load(
        self,
        model: bytes,
        source: str,
        device: str,
        precision: str,
        threads: int | None,
        on_build: OnBuild | None = None,
    ) -> TensorRtSession:
        return TensorRtSession(self.name, model, source, device, precision, on_build, self._dla)


class TensorRtSession:
    """One model on a GPU: a DeviceSession (engines.inference.session). A plan for each image size, for batches of
    BUCKETS.

    Device arrays are anything with `__cuda_array_interface__`, contiguous float32; outputs are DeviceArrays.

    Attributes:
        batches: sizes of batches that `into` runs in the caller's memory, without a copy.
        captures: whether its runs can be captured in a CUDA graph.
    """

    captures = True

    def __init__(
        self,
        name: str,
        model: bytes,
        source: str,
        device: str,
        precision: str,
        on_build: OnBuild | None = None,
        dla: int | None = None,
    ) -> None:
        self.backend, self._dla = name, dla
        self._on_build = on_build
        self.device = device
        self.precision = precision
        self._source = source
        self._where = f"{name} on {device}" + ("" if dla is None else f", DLA {dla}")
        self._index = _index(device)
        self._memory = Memory()
        with self._errors("load it"):
            cuda.use(self._index)
            self._stream = cuda.Stream()
            self._runtime = interface(name).Runtime(logger(name))
            if dla is not None:
                self._runtime.DLA_core = dla
        self._plans: dict[tuple[Shape, ...], LoadedPlan] = {}
        inputs = input_shapes(model, source)
        sizes = batch_sizes([shape[0] for shape in inputs], BUCKETS if dla is None else (1,), source)
        sizes = sizes or (BUCKETS if dla is None else (1,))
        self.batches: tuple[int, ...] = tuple(sizes)
        self._batches = BatchRunner(source, sizes, padded=True)
        self._digest = model_digest(model)
        self._model = model
        rest = tuple(shape[1:] for shape in inputs)
        if all(side is not None for shape in rest for side in shape):
            self(*(np.zeros((1, *(side or 0 for side in shape)), np.float32) for shape in rest))

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        with self._errors(_running(inputs)):
            cuda.use(self._index)
            return self._batches.run(self._run, inputs)

    def enqueue(self, *inputs: Any, stream: int | None = None) -> tuple[DeviceArray, ...]:
        """See DeviceSession: stream None is CUDA's default stream."""
        arrays, caller = tuple(DeviceView.of(x, self._source) for x in inputs), stream or 0
        with self._errors(_running(arrays)):
            cuda.use(self._index)
            self._stream.wait_for(caller)
            outputs = self._batches.run(self._run_there, arrays, self._join)
            self._stream.make_wait(caller)
        return outputs

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        """See engines.inference.stream_engine.EnqueuingSession."""
        given, wanted = (tuple(DeviceView.of(x, self._source) for x in arrays) for arrays in (inputs, outputs))
        with self._errors(_running(given)):
            cuda.use(self._index)
            if len(given[0]) in self.batches and self._plan_for(given).into(given, wanted, stream):
                return
        made = self.enqueue(*inputs, stream=stream)
        with self._errors(_running(made)):
            for target, source in zip(wanted, made, strict=True):
                cuda.copy_on(target.pointer, source.pointer, source.nbytes, stream)

    def _run(self, inputs: tuple[NDArray[Any], ...], size: int) -> list[NDArray[Any]]:
        with self._errors(_running(inputs)):
            return self._plan_for(inputs).run(inputs, size)

    def _run_there(self, inputs: tuple[DeviceView, ...], size: int) -> list[DeviceArray]:
        with self._errors(_running(inputs)):
            return self._plan_for(inputs).enqueue(inputs, size)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Converts the exceptions of CUDA and TensorRT to those of engines.errors."""
        try:
            yield
        except (cuda.CudaError, RuntimeError, MemoryError) as error:
            raise classify_error(error, self._source, doing, self._where) from None

    def _join(self, parts: list[DeviceArray]) -> DeviceArray:
        return self._memory.joined(parts, self._stream)

    def _plan_for(self, inputs: tuple[Any, ...]) -> LoadedPlan:
        """The plan for images of this size, cached or built; built again where TensorRT rejects the cached one."""
        shapes = tuple(tuple(x.shape[1:]) for x in inputs)
        if shapes in self._plans:
            return self._plans[shapes]
        gpu, dla = cuda.gpu(self._index), self._dla
        key = Key(
            model=self._digest,
            backend=self.backend,
            version=str(interface(self.backend).__version__),
            device=f"{gpu.name}, {gpu.capability[0]}.{gpu.capability[1]}" + (f", DLA {dla}" if dla is not None else ""),
            precision=self.precision,
            shapes=shapes_text(shapes),
        )

        def build() -> bytes:
            model = in_precision(self._model, self.precision, self._source)
            return build_plan(self.backend, model, self._source, shapes, gpu.capability, self._on_build, dla)

        engine = self._engine(cached_plan(key, self._source, build))
        if engine is None:
            forget(key)
            engine = self._engine(cached_plan(key, self._source, build))
        if engine is None:
            raise failure(self.backend, self._source, f"load its plan on {self.device}")
        self._plans[shapes] = LoadedPlan(self.backend, self._source, engine, self._stream, self._memory)
        return self._plans[shapes]

    def _engine(self, plan: bytes) -> Any:
        logger(self.backend).errors.clear()
        return self._runtime.deserialize_cuda_engine(plan)


def in_precision(model: bytes, precision: str, source: str) -> bytes:
    """The model in the precision: converted for "fp16" and "bf16", else unchanged ("int8" is in the file)."""
    if precision not in ("fp16", "bf16"):
        return model
    try:
        from engines.onnx_tools.half_precision import to_half
    except ImportError as error:
        raise ModelError(f"{precision}: needs the package onnx ({error}); pip install onnx, or choose fp32") from None
    return to_half(model, precision, source)


def input_shapes(model: bytes, source: str) -> tuple[tuple[int | None, ...], ...]:
    """The shapes of an ONNX model's inputs, None for free axes."""
    try:
        import onnx
    except ImportError as error:
        raise ModelError(f"TensorRT: needs the package onnx to read models ({error}); pip install onnx") from None
    try:
        graph = onnx.load_from_string(model).graph
    except Exception as error:  # protobuf's errors have no common base
        raise ModelError(f"{source}: onnx cannot read it ({first_line(error)})") from None
    initial = {entry.name for entry in graph.initializer}
    return tuple(
        tuple(side.dim_value or None for side in entry.type.tensor_type.shape.dim)
        for entry in graph.input
        if entry.name not in initial
    )


def _running(inputs: tuple[Any, ...]) -> str:
    return f"run it for {shapes_text(x.shape for x in inputs)}"


def _index(device: str) -> int:
    return int(device.removeprefix("cuda:"))
