"""Exceptions; the text of each is one line that names the subject, the problem and the remedy."""

from __future__ import annotations


class MeshcastError(Exception):
    """An error that the user can fix. Its text is one line."""


class WireError(MeshcastError):
    """A message that cannot be decoded, or a packet that cannot be encoded."""


class NotMeshcastError(WireError):
    """The bytes are not a Meshcast message: another program publishes at this address."""


class WireVersionError(WireError):
    """The message uses a protocol version, a message type or a code that this client does not support."""


class DamagedError(WireError):
    """The message is a Meshcast message, but its content contradicts itself or is out of range."""


class TruncatedError(DamagedError):
    """The message has fewer or more bytes than its header announces."""


class AddressError(MeshcastError):
    """An address that a socket cannot connect to or bind."""


class KeyFileError(MeshcastError):
    """A file of CURVE keys that cannot be used."""


class PipelineMissingError(MeshcastError, ImportError):
    """The client is installed without the pipeline that `meshcast.stream` runs."""
