"""What can go wrong, each with one line that says what to do."""

from __future__ import annotations


class MeshcastError(Exception):
    """Something that the user can put right; its text is one line."""


class WireError(MeshcastError):
    """Bytes that are not a Meshcast message of this version, or bodies that cannot be made into one."""


class AddressError(MeshcastError):
    """An address that cannot be connected to or bound."""


class KeyFileError(MeshcastError):
    """A file of CURVE keys cannot be used."""
