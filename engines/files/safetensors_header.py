"""Checks the header of untrusted safetensors files before the library parses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engines.errors import ModelError

HEADER_BYTES = 8 << 20  # tens of thousands of tensors; the largest known network has some thousands
_ANY_HEADER_BYTES = 100_000_000  # the limit of the library

T = TypeVar("T")


def is_safetensors(head: bytes) -> bool:
    """Whether a file is one, by its first bytes."""
    return len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < _ANY_HEADER_BYTES


def parse_safetensors(load: Callable[[bytes], T], data: bytes, source: object) -> T:
    """Parses a file with the library's `load` for one kind of arrays.

    Raises ModelError, which names `source`, when the file is damaged or its header is larger than any network's.
    """
    size = int.from_bytes(data[:8], "little")
    if size > HEADER_BYTES or size > len(data) - 8:
        raise ModelError(f"{source}: damaged safetensors file (a header of {size} bytes); download it again")
    try:
        return load(data)
    except Exception as error:  # unsupported element types, sizes that overflow
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"{source}: damaged safetensors file ({reason}); download it again") from None
