"""The models of a run on a GPU's streams, shared by the pipelines of all its cameras."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress

import numpy as np

from edge.models import LoadedModels
from engines.cards.card import Card
from engines.device.base import Device, Spec
from engines.device.opening import open_device
from engines.errors import DeviceLostError, ModelError
from engines.inference.session import Session
from engines.inference.stream_engine import EnqueuingSession, StreamEngine

log = logging.getLogger("meshcast.gpu")


class GpuModels:
    """The engines of a run that can be enqueued on streams of its device.

    Attributes:
        loaded: all models.
        device: where the detector and the pose model run.
    """

    def __init__(self, loaded: LoadedModels, device: Device) -> None:
        self.loaded, self.device = loaded, device
        self._engines: dict[str, StreamEngine] = {}
        self._one = threading.Lock()

    def serves(self, role: str) -> bool:
        """Whether the model of a role runs on the device and can be enqueued."""
        shared = self.loaded.sessions.get(role)
        return shared is not None and shared.device == self.device.name and isinstance(shared.session, EnqueuingSession)

    def session(self, role: str) -> Session:
        """The session of a role."""
        return self.loaded.sessions[role].session

    def engine(self, role: str, card: Card, size: tuple[int, ...]) -> StreamEngine:
        """The engine of a role that `serves`; size: shape of a row of its input."""
        with self._one:
            if role not in self._engines:
                session = self.session(role)
                assert isinstance(session, EnqueuingSession), f"{card.name} cannot be enqueued"
                spec = Spec(size, np.dtype(np.float32))
                self._engines[role] = StreamEngine(self.device, f"{role} engine", session, [spec])
            return self._engines[role]

    def close(self) -> None:
        """Free memory on the device, after the pipelines were closed."""
        for engine in self._engines.values():
            with suppress(DeviceLostError):  # the memory is gone with the device
                engine.close()
        self._engines.clear()


def gpu_models(loaded: LoadedModels) -> GpuModels | None:
    """The models for pipelines on a GPU's streams; None where the models run on the CPU, or where something is missing,
    which is logged once: their stages then exchange arrays through the host's memory."""
    roles = {role: loaded.sessions[role] for role in ("detector", "pose")}
    name = roles["pose"].device
    if not any(session.device != "cpu" for session in roles.values()):
        return None
    missing = [
        role
        for role, shared in roles.items()
        if shared.device != name or not isinstance(shared.session, EnqueuingSession)
    ]
    if missing:
        log.warning(
            "%s: %s cannot be enqueued on its streams; images pass through the host", name, " and ".join(missing)
        )
        return None
    try:
        device = open_device(name)
    except ModelError as error:
        log.warning("%s; images pass through the host's memory", error)
        return None
    if not device.kernels:
        log.warning(
            "%s: this build has no CUDA kernels (MESHCAST_CUDA=ON); images pass through the host's memory", name
        )
        return None
    return GpuModels(loaded, device)
