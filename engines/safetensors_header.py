"""The header of a safetensors file, which its reader would otherwise parse at any size."""

from __future__ import annotations

from engines.errors import ModelError

HEADER_BYTES = 8 << 20  # tens of thousands of tensors; the largest known network has some thousands
_ANY_HEADER_BYTES = 100_000_000  # what the format's own library reads


def is_safetensors(head: bytes) -> bool:
    """Whether a file is one, by its first bytes."""
    return len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < _ANY_HEADER_BYTES


def check_header(data: bytes, source: object) -> None:
    """Raises ModelError when the header is larger than any network's, or than the file."""
    size = int.from_bytes(data[:8], "little")
    if size > HEADER_BYTES or size > len(data) - 8:
        raise ModelError(f"{source}: damaged safetensors file (a header of {size} bytes); fetch it again")
