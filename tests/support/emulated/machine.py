"""A machine with emulated GPUs: what `--device cuda:N --backend emulated` runs on in tests."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from numpy.typing import NDArray

from edge.models import LoadedModels, Models
from engines.device import opening
from engines.errors import OutOfMemoryError
from engines.inference import session as sessions
from engines.inference.backends.openvino_cpu import OpenVino
from engines.inference.build_progress import OnBuild
from engines.inference.session import Session
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.runtime import Runtime

_SESSIONS: dict[tuple[str, str], Session] = {}  # loaded once in a process, by source and precision


class EmulatedSession:
    """A model of a GPU that is computed on the CPU, on arrays of the emulation. Equal inputs are computed once."""

    backend = "emulated"
    _known: ClassVar[dict[tuple[Any, ...], tuple[NDArray[Any], ...]]] = {}

    def __init__(self, session: Session, device: str, source: str) -> None:
        self._session, self._source = session, source
        self.device, self.precision = device, session.precision

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        key = (self._source, self.precision, *(hashlib.blake2b(x.tobytes()).digest() for x in inputs))
        if key not in self._known:
            self._known[key] = self._session(*inputs)
        return tuple(output.copy() for output in self._known[key])

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        for target, made in zip(outputs, self(*inputs), strict=True):
            target[:] = made


class EmulatedBackend:
    """The engine of emulated GPUs."""

    def __init__(self, *, cpu: bool = False) -> None:
        self._devices = ("cpu",) if cpu else ("cuda:0", "cuda:1")

    def devices(self) -> tuple[str, ...]:
        return self._devices

    def precisions(self, device: str) -> tuple[str, ...]:
        return OpenVino().precisions("cpu")

    def load(
        self,
        model: bytes,
        source: str,
        device: str,
        precision: str,
        threads: int | None,
        on_build: OnBuild | None = None,
    ) -> EmulatedSession:
        key = (source, precision)
        if key not in _SESSIONS:
            _SESSIONS[key] = OpenVino().load(model, source, "cpu", precision, 1)
        return EmulatedSession(_SESSIONS[key], device, source)


def install(patch: pytest.MonkeyPatch, runtime: Runtime) -> None:
    """Put the emulated GPUs into this process."""
    patch.setitem(opening.OPENERS, "cuda", lambda name: EmulatedDevice(runtime, name))
    patch.setitem(sessions.BACKENDS, "emulated", EmulatedBackend)


@functools.cache
def emulated_models(device: str = "cuda:0", second_pose: str = "auto") -> LoadedModels:
    """The default models in float32 on emulated GPUs, or with the same engine on the CPU, loaded once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sessions.BACKENDS, "emulated", lambda: EmulatedBackend(cpu=device == "cpu"))
        models = Models(device=device, backend="emulated", precision="fp32", second_pose=second_pose)
        return LoadedModels(models)


def out_of_memory(name: str) -> OutOfMemoryError:
    """The error of an engine whose smallest batch does not fit."""
    return OutOfMemoryError(f"{name}: cuda:0 has not enough memory to run it; choose a smaller model")
