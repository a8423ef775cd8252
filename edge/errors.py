"""Errors of the application, and its exit codes."""

from __future__ import annotations

from engines.errors import MeshcastError
from meshcast.errors import AddressError

EXIT_WHOLE = 0  # success
EXIT_INPUT = 1  # a source, file, model, camera or port cannot be used; nothing was produced
EXIT_USAGE = 2  # the command line is invalid, or names something that does not exist
EXIT_PARTIAL = 3  # incomplete results: a truncated video, a source that was disconnected


class SourceError(MeshcastError):
    """A source cannot be opened or contains no image."""


class FrameError(MeshcastError):
    """Processing failed on consecutive frames of a source."""


class PublishError(AddressError):
    """An address cannot be bound, or must not be."""


class OutputError(MeshcastError):
    """A file that the user asked for cannot be written."""


class DisplayClosed(MeshcastError):
    """The user has closed a display of the run."""


class RecordingError(MeshcastError):
    """A recording cannot be read, or lacks the requested content."""


class ProfilingError(MeshcastError):
    """A run cannot be monitored as configured."""


class ConfigError(MeshcastError):
    """A configuration file cannot be read, or has keys or values that do not exist."""


class UsageError(MeshcastError):
    """Options of the command line that do not go together."""
