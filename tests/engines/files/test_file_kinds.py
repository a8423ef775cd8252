"""Files saved in place of a model are recognized by their first bytes and refused with a one-line message."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from engines.errors import ModelError
from engines.importing.import_model import import_file


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"\n<!DOCTYPE html><html>", "it is a web page"),
        (b'{"metadata": {"total_size": 1}, "weight_map": {}}', "JSON text; if it is the index of a sharded checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x1f\x8b\x08" + bytes(600), "compressed with gzip; unpack it first"),
        (b"\x89HDF\r\n\x1a\n" + bytes(600), "an HDF5 file"),
        (bytes(4) + b"TFL3" + bytes(600), "TensorFlow Lite"),
        (tar(), "a tar archive; unpack it first"),
    ],
)
def test_import_file_foreign_kind_is_named_in_the_error(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message) as caught:
        import_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_import_file_pipe_or_folder_raises_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "none"):
        with pytest.raises(ModelError, match="cannot be read"):
            import_file(tmp_path / name)


def test_import_file_name_of_a_bundled_model_raises(tmp_path: Path) -> None:
    (tmp_path / "nanodet_g.onnx").write_bytes(b"")
    (tmp_path / "nanodet_g.toml").write_text("")
    with pytest.raises(ModelError, match="nanodet_g: the name of a bundled model; choose another with --as"):
        import_file(tmp_path / "nanodet_g.onnx")


def test_import_file_long_name_raises(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be a model's name; use at most 64 letters"):
        import_file(tmp_path / "nanodet_g.onnx", "n" * 300)
