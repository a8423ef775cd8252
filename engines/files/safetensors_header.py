"""Safetensors files from others: the header is checked before the format's library parses it, at whatever size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engines.errors import ModelError

HEADER_BYTES = 8 << 20  # tens of thousands of tensors; the largest known network has some thousands
_ANY_HEADER_BYTES = 100_000_000  # what the format's own library reads

T = TypeVar("T")


def is_safetensors(head: bytes) -> bool:
    """Whether a file is one, by its first bytes."""
    return len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < _ANY_HEADER_BYTES


def parse_safetensors(load: Callable[[bytes], T], data: bytes, source: object) -> T:
    """What the library's `load`, for one of its kinds of arrays, makes of a file's bytes.

    Raises ModelError, which names `source`, when the file is damaged or its header is larger than any network's.
    """
    size = int.from_bytes(data[:8], "little")
    if size > HEADER_BYTES or size > len(data) - 8:
        raise ModelError(f"{source}: damaged safetensors file (a header of {size} bytes); fetch it again")
    try:
        return load(data)
    except Exception as error:  # element types that the kind of arrays has not, sizes that overflow
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"{source}: damaged safetensors file ({reason}); fetch it again") from None
