"""Errors of the application, and the exit codes that scripts can rely on."""

from __future__ import annotations

from engines.errors import MeshcastError
from meshcast.errors import AddressError

EXIT_WHOLE = 0  # everything asked for was done
EXIT_INPUT = 1  # a source, file, model, camera or port cannot be used; nothing was produced
EXIT_USAGE = 2  # the command line is wrong, or names something that does not exist
EXIT_PARTIAL = 3  # something was produced, but not all: a truncated video, a source that broke off


class SourceError(MeshcastError):
    """A source cannot be opened or holds no picture."""


class FrameError(MeshcastError):
    """Frames of a source cannot be worked on, one after the other."""


class PublishError(AddressError):
    """An address cannot be bound, or must not be."""


class OutputError(MeshcastError):
    """A file that the user asked for cannot be written."""


class RecordingError(MeshcastError):
    """A recording cannot be read, or does not hold what was asked for."""


class ProfilingError(MeshcastError):
    """A run cannot be watched in the way that was asked for."""


class UsageError(MeshcastError):
    """Options of the command line that do not go together."""
