"""Identifies files that were saved in place of a model by their first bytes."""

from __future__ import annotations

_MAGIC = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file of Keras or PyTables; save its weights with torch or as safetensors",
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"BZh": "compressed with bzip2; unpack it first",
    b"\xfd7zXZ\x00": "compressed with xz; unpack it first",
    b"(\xb5/\xfd": "compressed with zstd; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"\x93NUMPY": "a single NumPy array (.npy)",
    b"version https://git-lfs": "a Git LFS pointer; download the file itself (git lfs pull)",
    b"%PDF": "a PDF document",
    b"GGUF": "a GGUF file",
}


def foreign_kind(head: bytes) -> str | None:
    """The kind of a file and a remedy, by its first 512 bytes; None where they are inconclusive."""
    if not head:
        return "empty; download it again"
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it first"
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model; convert it to ONNX"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"<":
        return "a web page or XML, perhaps saved in place of the file; download it again"
    if text[:1] == b"{" and b'"' in text[:64]:
        return "JSON text; if it is the index of a sharded checkpoint, save the weights in one file"
    return None
