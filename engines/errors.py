"""Errors that are shown to the user as a single line."""

from __future__ import annotations

from meshcast.errors import MeshcastError

__all__ = ["DeviceLostError", "MeshcastError", "ModelError", "OutOfMemoryError", "UnknownNameError"]


class ModelError(MeshcastError):
    """A model card, a weights file or an engine cannot be used."""


class UnknownNameError(MeshcastError):
    """A name that the user chose (model, backend, device) does not exist; the message lists those that do."""


class OutOfMemoryError(ModelError):
    """An engine ran out of memory while loading or running a model; smaller batches may still fit."""


class DeviceLostError(ModelError):
    """The device of an engine is unavailable; it cannot be used again in this process."""
