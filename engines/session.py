"""Sessions: a model loaded by one engine, ready to be called with arrays."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import NDArray

from edge_kernels import cuda_device_count
from engines.body import Body
from engines.cards import PRECISIONS, Card, Variant
from engines.errors import ModelError, UnknownNameError
from engines.live_model import live_model, live_weights

log = logging.getLogger("meshcast.engines")


class Session(Protocol):
    """A loaded model. Calling it is not re-entrant: one caller at a time."""

    backend: str
    device: str
    precision: str

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run the model: inputs in its order, float32, people or pictures first; outputs are the caller's to keep."""
        ...


class Backend(Protocol):
    """What an engine's module offers to open_session."""

    def devices(self) -> tuple[str, ...]:
        """The devices that this engine can use here, the best first, in lower case."""
        ...

    def precisions(self, device: str) -> tuple[str, ...]:
        """The precisions that the device computes quickly: "fp32" always, "bf16" and "int8" where it can."""
        ...

    def load(self, model: bytes, source: str, device: str, precision: str, threads: int | None) -> Session:
        """Load an ONNX model. Raises ModelError, naming source, when the engine cannot use it."""
        ...


def _openvino() -> Backend:
    from engines.backends.openvino_cpu import OpenVino

    return OpenVino()


def _onnxruntime() -> Backend:
    from engines.backends.onnxruntime_cpu import OnnxRuntime

    return OnnxRuntime()


BACKENDS: dict[str, Callable[[], Backend]] = {"openvino": _openvino, "onnxruntime": _onnxruntime}
DEFAULT_BACKEND = "openvino"
KERNEL_FAMILIES = ("pose2mesh",)  # networks that our own kernels run whole, several times faster than any engine


def open_session(
    card: Card,
    *,
    body: Body | None = None,
    backend: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
) -> Session:
    """Load a card's model; body is the one whose mesh a network is made for (None: the open one).

    What is asked for by name is what is loaded, or an error says why not; "auto" takes the default engine, its first
    device and the first of the card's preferred precisions that both have, and logs the choice; networks of
    KERNEL_FAMILIES run on our own kernels then. Without threads the
    engine uses all cores. Raises UnknownNameError (no such backend, device or precision) and ModelError (missing
    package, damaged weights, precision that the model or the device does not have).
    """
    if backend not in ("auto", *BACKENDS):
        raise UnknownNameError(f"unknown backend {backend!r}; there are: {', '.join(BACKENDS)}")
    if precision not in ("auto", *PRECISIONS):
        raise UnknownNameError(f"unknown precision {precision!r}; there are: {', '.join(PRECISIONS)}")
    if backend == "auto" and card.family in KERNEL_FAMILIES:
        return _kernels(card, body, device, precision)
    name = DEFAULT_BACKEND if backend == "auto" else backend
    engine = BACKENDS[name]()
    devices = engine.devices()
    if device not in ("auto", *devices):
        raise UnknownNameError(f"unknown device {device!r}; {name} has here: {', '.join(devices)}")
    chosen_device = devices[0] if device == "auto" else device
    chosen, variant = _choose(card, precision, engine.precisions(chosen_device), f"{name} on {chosen_device}")
    source = str(variant.file) if variant is not None else card.name
    session = engine.load(live_model(card, variant, body), source, chosen_device, chosen, threads)
    log.info("%s: %s, %s, %s", card.name, session.backend, session.device, session.precision)
    return session


def _kernels(card: Card, body: Body | None, device: str, precision: str) -> Session:
    """The network of a card on the native kernels: on the CPU unless a CUDA device is named."""
    devices = ("cpu", *(f"cuda:{index}" for index in range(cuda_device_count())))
    if device not in ("auto", *devices):
        raise UnknownNameError(f"unknown device {device!r}; the kernels have here: {', '.join(devices)}")
    if precision == "int8":
        raise ModelError(f"{card.name} has no int8 weights, it has: fp32, bf16; choose another precision")
    from engines.body import open_body
    from engines.joint_sets import JOINT_SETS
    from engines.pose2mesh_kernels import Pose2MeshKernels

    mesh = body or open_body()
    joints = next(known for known in JOINT_SETS.values() if known.joint_names == card.keypoints)
    weights = live_weights(card, mesh)
    where = "cpu" if device == "auto" else device
    session = Pose2MeshKernels(
        weights, joints, mesh.faces, len(mesh.v_template), bf16=precision == "bf16", device=where
    )
    log.info("%s: %s, %s, %s", card.name, session.backend, session.device, session.precision)
    return session


def _choose(card: Card, precision: str, able: tuple[str, ...], where: str) -> tuple[str, Variant | None]:
    wanted = (*card.auto, "fp32") if precision == "auto" else (precision,)
    reason = ""
    for name in wanted:
        variant = card.variant("int8" if name == "int8" else "fp32")
        if variant is None and not (card.untrained and name != "int8"):
            have = ", ".join(v.precision for v in card.variants) or "none"
            reason = f"{card.name} has no {name} weights, it has: {have}"
        elif name not in able:
            reason = f"{where} does not compute in {name}, it has: {', '.join(able)}"
        else:
            return name, variant
    raise ModelError(f"{reason}; choose another precision")
