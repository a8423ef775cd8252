"""Runs on videos and images of all formats, sizes and contents."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import EXIT_PARTIAL, EXIT_WHOLE
from edge.sources import open_source
from edge.types import U8, Array
from tests.support.clips import read_clip, write_clip
from tests.support.commands import Command, load, report
from tests.support.paths import STARTER


def test_run_truncated_video_keeps_complete_frames(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    data = person_clip.read_bytes()
    clip = tmp_path / "cut.mp4"
    clip.write_bytes(data[: len(data) * 6 // 10])
    said = meshcast(
        *("run", clip, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json")
    )
    summary = report(tmp_path / "s.json")
    delivered = summary["frames"]
    assert 3 < delivered < 11
    problem = f"{clip}: truncated after {delivered} of 12 frames"
    assert said.code == EXIT_PARTIAL == summary["exit_status"]
    assert summary["problems"] == [problem]
    assert said.errors == [f"meshcast: {problem}", "meshcast: partial output was kept"]
    saved = load(tmp_path / "a.npz")
    assert saved["frames"].item() == delivered
    assert set(saved["frame"].tolist()) == set(range(delivered))
    assert len(read_clip(tmp_path / "o.mp4")) == delivered


def test_run_image_of_one_pixel(meshcast: Command, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "dot.png"), np.full((1, 1, 3), 77, np.uint8))
    outputs = [tmp_path / name for name in ("o.png", "o.mp4", "a.npz")]
    for out in outputs:
        said = meshcast("run", tmp_path / "dot.png", "--save" if out.suffix == ".npz" else "--overlay", out)
        assert (said.code, said.errors) == (EXIT_WHOLE, [])
        assert out.stat().st_size > 0
    assert len(load(outputs[2])["frame"]) == 0


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with an Exif block (TIFF 6.0, tag 0x0112) after its first marker."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    block = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def encoded(image: Array, suffix: str) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1].tobytes())


def image_files(photo: U8) -> dict[str, bytes]:
    alpha = np.zeros(photo.shape[:2], np.uint8)
    return {
        "plain.png": encoded(photo, ".png"),
        "grey.png": encoded(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), ".png"),
        "rgba.png": encoded(np.dstack([photo, alpha]), ".png"),
        "deep.png": encoded(photo.astype(np.uint16) * 257, ".png"),
        "lying.jpg": with_orientation(encoded(cv2.rotate(photo, cv2.ROTATE_90_COUNTERCLOCKWISE), ".jpg"), 6),
        "overhead.jpg": with_orientation(encoded(cv2.rotate(photo, cv2.ROTATE_180), ".jpg"), 3),
    }


def test_run_image_formats_give_same_person(meshcast: Command, photo: U8, tmp_path: Path) -> None:
    found = {}
    for name, content in image_files(photo).items():
        (tmp_path / name).write_bytes(content)
        said = meshcast("run", tmp_path / name, "--save", tmp_path / "a.npz")
        assert (said.code, said.errors) == (EXIT_WHOLE, []), name
        saved = load(tmp_path / "a.npz")
        assert saved["image_size"].tolist() == [405, 720], name
        assert len(saved["frame"]) >= 1, name
        found[name] = saved["keypoints"][saved["score"].argmax(), :, :2]
    for name, keypoints in found.items():
        off = np.median(np.linalg.norm(keypoints - found["plain.png"], axis=1))
        assert off < (25 if name == "grey.png" else 8), name
    np.testing.assert_array_equal(found["rgba.png"], found["plain.png"])
    np.testing.assert_array_equal(found["deep.png"], found["plain.png"])


def test_run_folder_of_images_of_different_sizes(meshcast: Command, photo: U8, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), photo)
    cv2.imwrite(str(folder / "2.png"), photo[:, 20:-30])
    (folder / "3.png").write_bytes(b"no picture")
    said = meshcast("run", folder, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4")
    assert said.code == EXIT_PARTIAL
    assert "3.png: not a readable image; skipped" in said.errors[0]
    saved = load(tmp_path / "a.npz")
    assert {tuple(size) for size in saved["row_image_size"].tolist()} == {(405, 720), (355, 720)}
    assert len(read_clip(tmp_path / "o.mp4")) == 2


@pytest.mark.parametrize("turn", [None, cv2.ROTATE_90_CLOCKWISE])
def test_run_video_of_odd_size(turn: int | None, meshcast: Command, person_images: list[U8], tmp_path: Path) -> None:
    images = [image[:-1, :-1] if turn is None else cv2.rotate(image, turn)[:-1, :-1] for image in person_images[:3]]
    clip = write_clip(tmp_path / "odd.mkv", map(np.ascontiguousarray, images), codec="ffv1", pix_fmt="yuv444p")
    said = meshcast("run", clip, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    saved = load(tmp_path / "a.npz")
    assert saved["frames"].item() == 3
    assert [image.shape for image in read_clip(tmp_path / "o.mp4")] == [
        (640, 360, 3) if turn is None else (360, 640, 3)
    ] * 3
    if turn is None:
        assert set(saved["frame"].tolist()) == {0, 1, 2}
        assert saved["image_size"].tolist() == [359, 639]


def test_run_video_of_variable_frame_rate(meshcast: Command, person_images: list[U8], tmp_path: Path) -> None:
    pts_ms = [0, 20, 90, 100, 290, 310, 330, 360]
    clip = write_clip(tmp_path / "vfr.mp4", person_images[:8], pts_ms=pts_ms)
    said = meshcast("run", clip, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    saved = load(tmp_path / "a.npz")
    assert set(saved["frame"].tolist()) == set(range(8))
    np.testing.assert_allclose(saved["t_s"] * 1000, np.array(pts_ms)[saved["frame"]], atol=1)
    with open_source(str(tmp_path / "o.mp4")) as overlay:
        np.testing.assert_allclose([frame.t_s * 1000 for frame in overlay], pts_ms, atol=1)


def test_run_clip_without_people(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert said.out.startswith("5 frames, 0 with people, 0 ids")
    saved = load(tmp_path / "a.npz")
    assert saved["frames"].item() == 5
    assert saved["vertices"].shape == (0, saved["faces"].max() + 1, 3)
    assert saved["joints"].shape == (0, len(saved["joint_names"]), 3)
    assert saved["keypoints"].shape == (0, 17, 3)
    assert saved["K"].shape == (3, 3)
    assert report(tmp_path / "s.json")["frames_with_people"] == 0


@pytest.mark.parametrize("cut", ["bust", "bottom", "top", "right"])
def test_run_person_at_image_edge(cut: str, meshcast: Command, photo: U8, tmp_path: Path) -> None:
    path = STARTER / "astronaut.png"
    if cut != "bust":
        parts = {"bottom": photo[:405], "top": photo[215:], "right": photo[:, :200]}
        path = tmp_path / "cut.png"
        cv2.imwrite(str(path), parts[cut])
    said = meshcast("run", path, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.png")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    saved = load(tmp_path / "a.npz")
    assert len(saved["frame"]) >= 1
    assert np.isfinite(saved["vertices"]).all()
    assert np.all((saved["translation"][:, 2] > 0.3) & (saved["translation"][:, 2] < 20))
