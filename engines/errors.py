"""The one family of errors that a user may see as a single line."""

from __future__ import annotations

from meshcast.errors import MeshcastError

__all__ = ["DeviceLostError", "MeshcastError", "ModelError", "OutOfMemoryError", "UnknownNameError"]


class ModelError(MeshcastError):
    """A model card, a weights file or an engine cannot be used."""


class UnknownNameError(MeshcastError):
    """A name that the user chose (model, backend, device) does not exist; the message lists those that do."""


class OutOfMemoryError(ModelError):
    """An engine has no memory left for what it was asked to load or run; smaller batches may still fit."""


class DeviceLostError(ModelError):
    """The device under an engine is gone or broken: nothing can run on it until the program starts again."""
