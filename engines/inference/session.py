"""Sessions: models that an inference engine has loaded."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from edge_kernels import cuda_device_count
from engines.body.body import Body
from engines.cards.card import PRECISIONS, Card, Variant
from engines.errors import ModelError, UnknownNameError
from engines.files.suggestions import unknown
from engines.inference.build_progress import OnBuild
from engines.inference.cuda import driver as cuda
from engines.inference.onnx_model import checked_model, onnx_weights

log = logging.getLogger("meshcast.engines")


class Session(Protocol):
    """A loaded model. Calling it is not re-entrant: one caller at a time."""

    backend: str
    device: str
    precision: str

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Runs the model on float32 inputs (N, ...) in its order; the caller owns the outputs.

        Raises OutOfMemoryError when a single sample does not fit into memory, and DeviceLostError.
        """
        ...


class DeviceSession(Session, Protocol):
    """A session on a CUDA device, with inputs and outputs in host or device memory."""

    def enqueue(self, *inputs: Any, stream: int | None = None) -> tuple[Any, ...]:
        """Enqueues the model on float32 arrays in device memory without waiting for it.

        stream is the caller's cudaStream_t as an integer (None: the default stream): the inputs are read after the work
        on it, and later work on it sees the outputs. The caller owns the outputs, arrays on the device. Inputs and
        outputs have `__cuda_array_interface__`; those of the torch engines are tensors, from any array with DLPack.
        """
        ...


class Backend(Protocol):
    """The interface of an engine's module for open_session."""

    def devices(self) -> tuple[str, ...]:
        """The available devices, the best first: "cpu", "cuda:0", ..."""
        ...

    def precisions(self, device: str) -> tuple[str, ...]:
        """The precisions with hardware support: "fp32" always, "bf16", "fp16" and "int8" where available."""
        ...

    def load(
        self,
        model: bytes,
        source: str,
        device: str,
        precision: str,
        threads: int | None,
        on_build: OnBuild | None = None,
    ) -> Session:
        """Loads an ONNX model. Raises ModelError, which names source, when the engine cannot use it.

        on_build: progress of engines that build a plan.
        """
        ...


def _openvino() -> Backend:
    from engines.inference.backends.openvino_cpu import OpenVino

    return OpenVino()


def _onnxruntime() -> Backend:
    from engines.inference.backends.onnxruntime_cpu import OnnxRuntime

    return OnnxRuntime()


def _torch() -> Backend:
    from engines.inference.backends.torch_eager import Torch

    return Torch()


def _tensorrt() -> Backend:
    from engines.inference.backends.tensorrt_engine import TensorRt

    return TensorRt("tensorrt")


def _tensorrt_rtx() -> Backend:
    from engines.inference.backends.tensorrt_engine import TensorRt

    return TensorRt("tensorrt_rtx")


def _torch_tensorrt() -> Backend:
    from engines.inference.backends.torch_tensorrt_engine import TorchTensorRt

    return TorchTensorRt()


BACKENDS: dict[str, Callable[[], Backend]] = {
    "openvino": _openvino,
    "onnxruntime": _onnxruntime,
    "torch": _torch,
    "tensorrt": _tensorrt,
    "tensorrt_rtx": _tensorrt_rtx,
    "torch_tensorrt": _torch_tensorrt,
}
# The backends that "auto" tries, the best first, and the packages of each; other backends run by name only.
AUTO_CUDA = {
    "tensorrt": ("tensorrt",),
    "tensorrt_rtx": ("tensorrt_rtx", "tensorrt_rtx_bindings"),
    "torch": ("torch",),
}
AUTO_CPU = {"openvino": ("openvino",), "onnxruntime": ("onnxruntime",)}
KERNEL_FAMILIES = ("pose2mesh",)  # networks that the native kernels run, several times faster than any engine


def open_session(
    card: Card,
    *,
    body: Body | None = None,
    backend: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    on_build: OnBuild | None = None,
    dla: int | None = None,
) -> Session:
    """Loads the model of a card in an inference engine, and logs the engine, device and precision.

    Args:
        card: The model's card.
        body: The body whose mesh a graph network is built for; None is the bundled one.
        backend: A name of BACKENDS. "auto" takes the first engine of AUTO_CUDA or AUTO_CPU that is installed; networks
            of KERNEL_FAMILIES run on the native kernels.
        device: "cpu" or "cuda:N". "auto" takes the first CUDA device for which an engine is installed, else the CPU.
        precision: "fp32", "bf16", "fp16" or "int8". "auto" takes the first of the card's preferred precisions that
            device and weights have, with float16 in place of bfloat16 on a GPU.
        threads: Threads of the engine; None takes all cores.
        on_build: Progress callback of engines that build a plan.
        dla: Core of a deep learning accelerator for the layers that it supports, with TensorRT; None: the GPU alone.

    Raises:
        UnknownNameError: There is no such backend, device or precision.
        ModelError: A package is missing, the weights are damaged, or the model or the device does not have the
            precision.
    """
    check_names(backend, device, precision)
    if device == "cuda":
        device = "cuda:0"
    if backend == "auto" and card.family in KERNEL_FAMILIES:
        return _kernels(card, body, device, precision)
    name, engine, chosen_device = _engine(backend, device)
    where = f"{name} on {chosen_device}"
    if dla is not None:
        engine, where = _with_dla(card, name, dla), f"{where}, DLA {dla}"
    able = engine.precisions(chosen_device)
    chosen, variant = _precision(card, precision, able, where, chosen_device != "cpu")
    source = str(variant.file) if variant is not None else card.name
    session = engine.load(checked_model(card, variant, body), source, chosen_device, chosen, threads, on_build)
    log.info("%s: %s, %s, %s", card.name, session.backend, session.device, session.precision)
    return session


def _with_dla(card: Card, name: str, dla: int) -> Backend:
    """The engine with a core of a deep learning accelerator."""
    if name != "tensorrt":
        raise ModelError(f"{card.name}: {name} has no deep learning accelerator; --dla needs --backend tensorrt")
    from engines.inference.backends.tensorrt_engine import TensorRt

    return TensorRt(name, dla)


def check_names(backend: str, device: str, precision: str) -> None:
    """Raises UnknownNameError for a backend, device or precision that does not exist on any machine."""
    if backend not in ("auto", *BACKENDS):
        raise unknown("backend", backend, BACKENDS)
    if precision not in ("auto", *PRECISIONS):
        raise unknown("precision", precision, PRECISIONS)
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
        raise unknown("device", device, (), "cpu, cuda:N")


def _kernels(card: Card, body: Body | None, device: str, precision: str) -> Session:
    """The network of a card on the native kernels; device "auto" is the first CUDA device, else the CPU."""
    devices = ("cpu", *(f"cuda:{index}" for index in range(cuda_device_count())))
    if device not in ("auto", *devices):
        raise UnknownNameError(f"unknown device {device!r}; the native kernels have: {', '.join(devices)}")
    if precision in ("fp16", "int8"):
        raise ModelError(f"{card.name}: the native kernels have no {precision}; choose fp32 or bf16")
    from engines.body.body import open_body
    from engines.inference.kernel_choice import NETWORKS, choose_kernels
    from engines.joint_sets import JOINT_SETS
    from engines.pose2mesh.arithmetic import ARITHMETICS, Arithmetic
    from engines.pose2mesh.native_session import Pose2MeshKernels

    mesh = body or open_body()
    joints = next(known for known in JOINT_SETS.values() if known.joint_names == card.keypoints)
    weights = onnx_weights(card, mesh)
    where = devices[:2][-1] if device == "auto" else device

    def make(lifter: Arithmetic, mesh_net: Arithmetic) -> Pose2MeshKernels:
        count = len(mesh.v_template)
        return Pose2MeshKernels(weights, joints, mesh.faces, count, lifter=lifter, mesh_net=mesh_net, device=where)

    if precision == "bf16" and where == "cpu":
        choice = choose_kernels(len(joints), len(mesh.v_template), lambda both: make(both, both))
        log.info("%s: %s", card.name, choice)
        session = make(*map(choice.arithmetic, NETWORKS))
    else:
        both = ARITHMETICS["bf16" if precision == "bf16" else "fp32"]
        session = make(both, both)
    log.info("%s: %s, %s, %s", card.name, session.backend, session.device, session.precision)
    return session


def _engine(backend: str, device: str) -> tuple[str, Backend, str]:
    """The engine with its name and device, each of which may be "auto"."""
    if backend == "auto":
        return _best_engine(device)
    engine = BACKENDS[backend]()
    devices = engine.devices()
    if not devices or device not in ("auto", *devices):
        raise UnknownNameError(_no_device(backend, "cuda:N" if device == "auto" else device, devices))
    return backend, engine, devices[0] if device == "auto" else device


def _best_engine(device: str) -> tuple[str, Backend, str]:
    """The first of AUTO_CUDA that can use the device, or, for "cpu" and where "auto" finds no GPU, of AUTO_CPU."""
    if device.startswith("cuda:") and _invisible(device):
        raise UnknownNameError(f"{device}: cannot be used; {_invisible(device)}")
    gpu = device.startswith("cuda:") or (device == "auto" and cuda.device_count() > 0)
    for name in _installed(AUTO_CUDA) if gpu else ():
        try:
            engine = BACKENDS[name]()
        except ModelError as error:
            log.warning("%s; trying other engines", error)
            continue
        devices = tuple(known for known in engine.devices() if known != "cpu")
        if devices and device in ("auto", *devices):
            return name, engine, devices[0] if device == "auto" else device
        log.info("%s", _no_device(name, "cuda:N" if device == "auto" else device, devices))
    if device.startswith("cuda:"):
        raise ModelError(f"{device}: no installed engine can use it; install one of: {', '.join(AUTO_CUDA)}")
    for name in _installed(AUTO_CPU):
        return name, BACKENDS[name](), "cpu"
    raise ModelError(f"no inference engine is installed; pip install {next(iter(AUTO_CPU))}")


def _installed(engines: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [name for name, packages in engines.items() if any(map(importlib.util.find_spec, packages))]


def _no_device(backend: str, device: str, devices: tuple[str, ...]) -> str:
    """The reason why an engine does not have a device; "cuda:N" means any GPU."""
    reason = ""
    if device != "cpu" and backend in AUTO_CPU:
        reason = " (it runs on the CPU only)"
    elif device != "cpu":
        names = ", ".join(cuda.gpu(index).name for index in range(cuda.device_count()))
        reason = f" ({_invisible(device) or f'the installed {backend} build does not support {names}'})"
    return f"{backend} cannot use {device}{reason}; its devices are: {', '.join(devices) or 'none'}"


def _invisible(device: str) -> str:
    """The reason why a GPU is not visible to this process, or ""; "cuda:N" means any."""
    count, index = cuda.device_count(), device.removeprefix("cuda:")
    if count == 0:
        return "no CUDA device is visible, see nvidia-smi and CUDA_VISIBLE_DEVICES"
    if index.isdecimal() and int(index) >= count:
        return f"visible devices: {', '.join(f'cuda:{known}' for known in range(count))}"
    return ""


def _precision(
    card: Card, precision: str, able: tuple[str, ...], where: str, on_gpu: bool
) -> tuple[str, Variant | None]:
    """The first requested precision that the card has weights for and the device supports, and those weights."""
    wanted = (*card.auto, "fp32") if precision == "auto" else (precision,)
    if precision == "auto" and on_gpu:  # as fast as bfloat16 on a GPU, with three more bits of mantissa
        wanted = tuple("fp16" if name == "bf16" else name for name in wanted)
    reason = ""
    for name in wanted:
        variant = card.variant("int8" if name == "int8" else "fp32")
        if variant is None and not (card.untrained and name != "int8"):
            have = ", ".join(v.precision for v in card.variants) or "none"
            reason = f"{card.name}: no {name} weights (it has: {have})"
        elif name not in able:
            reason = f"{where}: no {name} (it has: {', '.join(able)})"
        else:
            return name, variant
    raise ModelError(f"{reason}; choose another precision")
