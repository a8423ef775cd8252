"""What can go wrong at a reader's end; every message is one line that says what to do."""

from __future__ import annotations


class ClientError(Exception):
    """Something from outside cannot be used."""


class WireError(ClientError):
    """Bytes that are not a Meshcast message of this version."""


class AddressError(ClientError):
    """An address that nothing can be received from."""


class KeyFileError(ClientError):
    """A file of CURVE keys cannot be used."""
