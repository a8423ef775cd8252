"""The TOML reader: encodings, line ends, and files that are not regular."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from calibration.camera import Camera, CameraError
from engines.cards.card import load_card
from engines.errors import ModelError
from engines.files.toml_file import LARGEST, read_toml

TEXT = 'name = "größe"\nsize = [1, 2]\n'


@pytest.mark.parametrize(
    "data",
    [TEXT.encode(), TEXT.encode("utf-8-sig"), TEXT.replace("\n", "\r\n").encode("utf-8-sig")],
    ids=["plain", "byte order mark", "byte order mark and CRLF"],
)
def test_read_toml_byte_order_mark_and_line_endings_are_accepted(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(data)
    assert read_toml(tmp_path / "a.toml", "a card") == {"name": "größe", "size": [1, 2]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TEXT.encode("utf-16"), "UTF-16 or UTF-32; save it as UTF-8"),
        (TEXT.encode("utf-16-le"), "UTF-16 or UTF-32"),
        (TEXT.encode("utf-32"), "UTF-16 or UTF-32"),
        (b"a = 1\n" + TEXT.encode("latin-1"), "line 2 is not UTF-8"),
        (b"a = " + b"[" * 5000, "nested too deeply|not a card"),
        (b"#" * (LARGEST + 1), "larger than 256 KiB"),
    ],
)
def test_read_toml_unreadable_file_raises_one_line(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=said) as caught:
        read_toml(path, "a card")
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_camera_file_with_byte_order_mark_is_loaded(tmp_path: Path) -> None:
    camera = tmp_path / "camera.toml"
    camera.write_bytes(b"\xef\xbb\xbfwidth = 4\r\nheight = 2\r\nfx = 3.0\r\nfy = 3.0\r\ncx = 1.5\r\ncy = 0.5\r\n")
    assert Camera.load(camera).size == (4, 2)


def test_card_with_byte_order_mark_is_loaded(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_bytes(b'\xef\xbb\xbftask = "body"\r\nfamily = "smpl"\r\n[variants.fp32]\r\nfile = "a.npz"\r\n')
    assert load_card(card).family == "smpl"


def test_camera_load_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = "width = 4\nheight = 2\nfx = 3.0\nfy = 3.0\ncx = 1.5\ncy = 0.5\n"
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    assert Camera.load(pipe).size == (4, 2)
    writer.join()


def test_camera_load_device_or_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="it is a device, not a regular file"):
        Camera.load("/dev/zero")
    with pytest.raises(CameraError, match=r"nothing\.toml: cannot be read: No such file"):
        Camera.load(tmp_path / "nothing.toml")
