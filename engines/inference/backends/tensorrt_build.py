"""Builds plans from ONNX with TensorRT or TensorRT-RTX, which have the same interface.

Networks are strongly typed: a plan computes in the precisions of the ONNX file, which
engines/onnx_tools/half_precision.py converts; TensorRT 10 supports this, TensorRT 11 and TensorRT-RTX require it.
TensorRT-RTX builds without a GPU, for any.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

from engines.backend_errors import classify_error
from engines.errors import ModelError
from engines.files.install_hint import install_hint
from engines.inference.batching import BUCKETS
from engines.inference.build_progress import BuildProgress, OnBuild

log = logging.getLogger("meshcast.engines")

PACKAGES = {
    "tensorrt": (("tensorrt",), "pip install tensorrt; on a Jetson it comes with JetPack"),
    "tensorrt_rtx": (("tensorrt_rtx", "tensorrt_rtx_bindings"), install_hint("tensorrt-rtx")),
}
OLDEST = {"tensorrt": 10, "tensorrt_rtx": 1}
WORKSPACE_BYTES = 1 << 30
PROFILES = ((1, 1, 1), (2, 4, BUCKETS[-1]))
"""Minimum, optimum and maximum batch of each optimization profile; a single person is the most frequent case."""

Shape = tuple[int, ...]


@cache
def interface(name: str) -> Any:
    """The Python module of "tensorrt" or "tensorrt_rtx". Raises ModelError where it is missing or too old."""
    packages, how = PACKAGES[name]
    missing = ""
    for package in packages:
        try:
            found = importlib.import_module(package)
        except (ImportError, OSError) as error:  # its libraries may be missing, too
            missing = missing or str(error)
            continue
        if int(found.__version__.split(".")[0]) < OLDEST[name]:
            raise ModelError(f"{name}: version {found.__version__} is too old; install version {OLDEST[name]} or newer")
        return found
    raise ModelError(f"{name}: cannot be imported ({missing}); {how}")


@cache
def logger(name: str) -> Any:
    """The logger of an interface: it passes messages to `logging`, and stores the errors since `errors` was cleared."""
    trt = interface(name)

    class Logger(trt.ILogger):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if int(severity) <= int(trt.ILogger.Severity.ERROR):
                self.errors.append(message)
            log.debug("%s: %s", name, message)

    return Logger()


def capability_name(capability: tuple[int, int]) -> str:
    """TensorRT's name of a compute capability: (8, 6) is "SM86"."""
    return f"SM{capability[0]}{capability[1]}"


def targets(name: str) -> tuple[str, ...]:
    """The compute capabilities that TensorRT-RTX supports ("SM86"); none for TensorRT, which queries the GPU."""
    if name != "tensorrt_rtx":
        return ()
    return tuple(key for key in interface(name).ComputeCapability.__members__ if key.startswith("SM"))


def build_plan(
    name: str,
    model: bytes,
    source: str,
    shapes: Sequence[Shape],
    capability: tuple[int, int] | None = None,
    on_build: OnBuild | None = None,
    dla: int | None = None,
) -> bytes:
    """Builds a plan for an ONNX model; shapes are those of its inputs without the batch, which may have any size up to
    BUCKETS[-1] unless the model fixes it.

    capability: of the GPU that TensorRT-RTX builds for (None: all since Ampere). on_build: progress callback. dla: a
    core of a deep learning accelerator that runs the layers which it supports, for one sample; the GPU runs the others.
    Raises ModelError when the model cannot be parsed or built, or the device has no such accelerator.
    """
    trt, log_sink = interface(name), logger(name)
    log_sink.errors.clear()
    builder = trt.Builder(log_sink)
    if dla is not None:
        _check_dla(name, source, builder, dla)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log_sink)
    if not parser.parse(model):
        reason = parser.get_error(0).desc() if parser.num_errors else "no reason given"
        raise ModelError(f"{source}: {name} cannot parse it ({reason.splitlines()[0]}){_hint(reason)}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    config.clear_flag(trt.BuilderFlag.TF32)  # TF32 has float16's precision; "fp32" means float32
    if capability is not None and targets(name):
        config.num_compute_capabilities = 1
        config.set_compute_capability(_target(name, capability), 0)
    if dla is not None:
        config.default_device_type, config.DLA_core = trt.DeviceType.DLA, dla
        config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
    config.progress_monitor = _monitor(name, source, on_build)
    _add_profiles(builder, network, config, shapes, PROFILES if dla is None else PROFILES[:1])
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise failure(name, source, "build a plan of it")
    return bytes(plan)


def _monitor(name: str, source: str, on_build: OnBuild | None) -> Any:
    """A progress monitor that reports a build to the callback."""
    trt, phases = interface(name), BuildProgress(source, on_build)

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase: str, _parent: str | None, steps: int) -> None:
            phases.start(phase, steps)

        def step_complete(self, phase: str, step: int) -> bool:
            phases.step(phase, step)
            return True  # go on

        def phase_finish(self, phase: str) -> None:
            phases.finish(phase)

    return Monitor()


def _check_dla(name: str, source: str, builder: Any, dla: int) -> None:
    """Raises ModelError where there is no such core."""
    cores = int(builder.num_DLA_cores)
    if dla >= cores:
        found = "no deep learning accelerator" if not cores else f"the cores 0 to {cores - 1}"
        raise ModelError(f"{source}: {name} finds {found} here; run it on the GPU, without --dla")


def _add_profiles(
    builder: Any, network: Any, config: Any, shapes: Sequence[Shape], profiles: Sequence[tuple[int, int, int]]
) -> None:
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    if all(-1 not in tuple(entry.shape) for entry in inputs):
        return
    free = any(entry.shape[0] == -1 for entry in inputs)
    for batches in profiles if free else profiles[:1]:
        profile = builder.create_optimization_profile()
        for entry, shape in zip(inputs, shapes, strict=True):
            profile.set_shape(entry.name, *((batch, *shape) for batch in batches))
        config.add_optimization_profile(profile)


def _target(name: str, capability: tuple[int, int]) -> Any:
    wanted = capability_name(capability)
    if wanted not in targets(name):
        raise ModelError(f"{name}: does not build for {wanted}; choose one of: {', '.join(targets(name))}")
    return interface(name).ComputeCapability.__members__[wanted]


def failure(name: str, source: str, doing: str) -> ModelError:
    """The error for a call that returned nothing; the first logged message is the reason."""
    errors = logger(name).errors
    causes = [text for text in errors if "cudaError 35" not in text] or errors or ["no reason given"]
    return classify_error(RuntimeError(" ".join(causes)), source, doing, name, causes[0].splitlines()[0][:300])


def _hint(reason: str) -> str:
    words = ("zero point", "zeropoint", "zero_point", "DequantizeLinear", "QuantizeLinear")
    if not any(word in reason for word in words):
        return ""
    return "; TensorRT needs symmetric INT8 without quantized biases, as `meshcast calibrate int8` writes it"
