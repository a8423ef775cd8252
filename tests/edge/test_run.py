"""Whole runs, real files and models: what comes in, however broken, and what is left on the disk afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import edge
import edge.models
import edge.run
from calibration.camera import Camera
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE, OutputError
from edge.monitoring.progress import Progress
from edge.pipeline import Pipeline
from edge.runtime.outputs import Outputs
from edge.sinks.npz import NpzWriter
from edge.sinks.output_file import OutputFile
from edge.sources import open_source
from edge.sources.synthetic.source import SyntheticSource
from edge.types import U8, Array, Bodies, Frame, TrackedFrame
from engines.cards.card import ZOO
from engines.errors import ModelError
from meshcast.protocol.packets import FramePacket
from tests.support.clips import read_clip, write_clip
from tests.support.commands import Command, load, report
from tests.support.paths import MEDIA, ROOT, STARTER


def interrupt_at(monkeypatch: pytest.MonkeyPatch, frames: int, number: int = signal.SIGINT) -> None:
    """Ctrl-C, or another signal, while the pipeline works on the frame after this number of frames."""
    track_people = Pipeline.track_people
    seen: list[int] = []

    def interrupting(self: Pipeline, frame: Frame) -> TrackedFrame:
        if len(seen) == frames:
            os.kill(os.getpid(), number)
        seen.append(frame.index)
        return track_people(self, frame)

    monkeypatch.setattr(Pipeline, "track_people", interrupting)


# What comes out


def test_run_save_contains_all_arrays(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", person_clip, "--save", tmp_path / "a.npz", "--fov", "36", "-q")
    assert (said.code, said.out, said.errors) == (EXIT_WHOLE, "", [])
    saved = load(tmp_path / "a.npz")
    rows = len(saved["frame"])
    assert rows >= 12
    assert set(saved["frame"].tolist()) == set(range(12))
    np.testing.assert_allclose(saved["t_s"], saved["frame"] / 30, atol=1e-3)
    joints, vertices = len(saved["joint_names"]), saved["faces"].max() + 1
    assert joints >= 24
    for name, shape in {
        "id": (),
        "score": (),
        "keypoints": (17, 3),
        "joints": (joints, 3),
        "vertices": (vertices, 3),
        "translation": (3,),
        "rotations": (24, 3),
        "fit_error_mm": (),
    }.items():
        assert saved[name].shape == (rows, *shape), name
        assert np.isfinite(saved[name]).all(), name
    np.testing.assert_allclose(saved["translation"], saved["joints"][:, 0], atol=1e-5)
    assert saved["shape"].shape[0] == rows
    assert np.median(saved["fit_error_mm"]) < 20
    page = (ROOT / "docs/reference/outputs.md").read_text()
    documented = re.findall(r"^\| `(\w+)` \| \(", page, re.MULTILINE)
    assert sorted(documented) == sorted(saved)
    assert saved["keypoint_names"].tolist()[:2] == ["nose", "left_eye"]
    assert saved["image_size"].tolist() == [360, 640]
    assert saved["frames"].item() == 12
    np.testing.assert_allclose(saved["K"], Camera.from_fov((360, 640), 36).K)
    # A grown-up, some meters away, whose limbs lie where they are seen.
    main = saved["id"] == np.bincount(saved["id"]).argmax()
    height = np.ptp(saved["vertices"][main][..., 1], axis=1)
    assert np.all((height > 1.0) & (height < 2.2))
    assert np.all((saved["translation"][main, 2] > 2) & (saved["translation"][main, 2] < 8))
    names = saved["joint_names"].tolist()
    limbs = [n for n in saved["keypoint_names"].tolist() if n in names and n.split("_")[-1] in ("knee", "ankle")]
    assert len(limbs) == 4
    camera = Camera((360, 640), saved["K"], saved["distortion"])
    drawn = camera.project(saved["joints"][main][:, [names.index(n) for n in limbs]])
    seen = saved["keypoints"][main][:, [saved["keypoint_names"].tolist().index(n) for n in limbs], :2]
    extent = np.ptp(saved["keypoints"][main][..., 1], axis=1)
    assert np.median(np.linalg.norm(drawn - seen, axis=-1) / extent[:, None]) < 0.08


def test_run_overlay_video_and_summary(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    said = meshcast(
        "run", person_clip, "--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json", "--max-frames", "4"
    )
    assert said.code == EXIT_WHOLE
    assert said.out.startswith("4 frames, 4 with people, ")
    assert f"wrote {tmp_path / 'o.mp4'}\nwrote {tmp_path / 's.json'}\n" in said.out
    drawn, given = read_clip(tmp_path / "o.mp4"), read_clip(person_clip)
    assert [image.shape for image in drawn] == [(640, 360, 3)] * 4
    for a, b in zip(drawn, given, strict=False):
        changed = cv2.absdiff(a, b).max(axis=2) > 60
        assert 0.005 < changed.mean() < 0.5  # the body, not the room
    summary = report(tmp_path / "s.json")
    assert list(summary) == [
        "source",
        "camera",
        "exit_status",
        "captured_frames",
        "frames",
        "frames_with_people",
        "ids",
        "dropped_frames",
        "drops",
        "dropped_people",
        "wall_s",
        "fps",
        "latency_ms",
        "worked_ms",
        "waited_ms",
        "stages_ms",
        "queues_ms",
        "problems",
        "source_warnings",
        "engines_ms",
        "models",
        "warnings",
        "remarks",
    ]
    assert (summary["exit_status"], summary["frames"], summary["frames_with_people"]) == (0, 4, 4)
    assert (summary["dropped_frames"], summary["dropped_people"], summary["problems"]) == (0, 0, [])
    assert set(summary["stages_ms"]) >= {"detect", "track", "pose", "mesh", "localize", "smooth", "overlay"}
    assert summary["stages_ms"]["pose"]["count"] == 4
    assert set(summary["models"]) == {"detector", "pose", "mesh"}
    assert summary["models"]["mesh"]["precision"] == "fp32"


def test_run_overlay_image(meshcast: Command, photo: U8, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    said = meshcast("run", tmp_path / "a.png", "--overlay", tmp_path / "o.png", "--save", tmp_path / "a.npz", "-q")
    assert said.code == EXIT_WHOLE
    drawn = cv2.imread(str(tmp_path / "o.png"))
    assert drawn is not None
    assert drawn.shape == photo.shape
    changed = cv2.absdiff(drawn, photo).max(axis=2) > 20
    x, y = load(tmp_path / "a.npz")["keypoints"][0, 11:13, :2].mean(axis=0).astype(int)  # the hips
    assert changed[y - 5 : y + 5, x - 5 : x + 5].mean() > 0.9
    assert changed.mean() < 0.5


def test_run_max_frames_ends_stream(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    assert meshcast("run", person_clip, "--max-frames", "2", "--save", tmp_path / "a.npz").code == EXIT_WHOLE
    saved = load(tmp_path / "a.npz")
    assert (saved["frames"].item(), saved["frame"].max()) == (2, 1)


def test_run_loop_continues_beyond_end(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    words = ("--loop", "--max-frames", "12", "--summary", tmp_path / "s.json", "--overlay", tmp_path / "o.mp4")
    assert meshcast("run", blank_clip, *words).code == EXIT_WHOLE
    assert report(tmp_path / "s.json")["frames"] == 12
    assert len(read_clip(tmp_path / "o.mp4")) == 12


@pytest.mark.parametrize("clip", ["person_clip", "blank_clip"])
def test_run_publishes_saved_bodies(
    clip: str,
    meshcast: Command,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path: Path = request.getfixturevalue(clip)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    packets: list[FramePacket] = []
    enough = threading.Event()

    def receive() -> None:
        with edge.subscribe(address, timeout_s=30) as subscription:
            packets.extend(packet for packet, _ in zip((p for p in subscription if p.model), range(4), strict=False))
        enough.set()

    track_people = Pipeline.track_people
    asked = threading.Event()

    def until_enough(self: Pipeline, frame: Frame) -> TrackedFrame:
        if enough.is_set() and not asked.is_set():
            asked.set()  # a second Ctrl-C would break off
            os.kill(os.getpid(), signal.SIGINT)
        return track_people(self, frame)

    monkeypatch.setattr(Pipeline, "track_people", until_enough)
    receiver = threading.Thread(target=receive)
    receiver.start()
    said = meshcast("run", path, "--loop", "--pace", "realtime", "--publish", address, "--stream", "left")
    receiver.join()
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert len(packets) == 4
    for packet in packets:
        assert packet.stream == "left"
        assert packet.camera is not None
        assert packet.model is not None
        assert packet.people.vertices.shape[1:] == (len(packet.model.body.rest_vertices), 3)
        np.testing.assert_allclose(packet.people.translation, packet.people.joints[:, 0], atol=1e-5)
        assert (len(packet.people) > 0) == (clip == "person_clip")
    assert packets[0].size == ((360, 640) if clip == "person_clip" else (160, 120))
    assert [packet.seq for packet in packets] == sorted({packet.seq for packet in packets})


def test_run_synthetic_people_have_true_positions(meshcast: Command, tmp_path: Path) -> None:
    uri = "synthetic:?frames=24&fov=50&seed=3"
    assert meshcast("run", uri, "--fov", "50", "--save", tmp_path / "a.npz").code == EXIT_WHOLE
    saved = load(tmp_path / "a.npz")
    assert len(set(saved["frame"].tolist())) >= 18
    source = SyntheticSource(uri)
    np.testing.assert_allclose(saved["K"], source.true_camera.K)
    truth = np.concatenate([source.truth(int(index)).translation for index in saved["frame"]])
    assert np.median(np.linalg.norm(saved["translation"] - truth, axis=1)) < 0.5


# Sources that are broken, odd or empty


def test_run_missing_file_is_an_error(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("run", tmp_path / "no.mp4", "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "no.mp4: no such file or folder" in said.errors[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"This is a letter.\n" * 100])
def test_run_file_without_video_is_an_error(content: bytes, meshcast: Command, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_bytes(content)
    said = meshcast("run", letter, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert "letter.mp4" in said.err
    assert list(tmp_path.iterdir()) == [letter]


def test_run_folder_without_images_is_an_error(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("run", tmp_path)
    assert said.code == EXIT_INPUT
    assert "no readable image" in said.errors[0]


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


def kinds_of_picture(photo: U8) -> dict[str, bytes]:
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
    for name, content in kinds_of_picture(photo).items():
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


# Live streams


@pytest.fixture
def live(person_images: list[U8], tmp_path: Path) -> Iterator[str]:
    """The address of a camera that sends MPEG-TS over TCP while a client is connected."""
    stream = write_clip(tmp_path / "live.ts", person_images).read_bytes()

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    while True:
                        connection.sendall(stream)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("end", ["max-frames", "ctrl-c"])
def test_run_live_stream(
    end: str, live: str, meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if end == "ctrl-c":
        interrupt_at(monkeypatch, 2)
    words = ["--max-frames", "3"] if end == "max-frames" else []
    said = meshcast(
        *("run", live, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json"),
        *words,
    )
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    frames = report(tmp_path / "s.json")["frames"]
    assert frames == 3 or (end == "ctrl-c" and frames in range(1, 9))  # what was on its way comes through
    saved = load(tmp_path / "a.npz")
    assert saved["frames"].item() == frames == len(read_clip(tmp_path / "o.mp4"))
    assert len(saved["frame"]) >= 1


# Interrupts


def test_run_interrupted_keeps_saved_frames(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 2)
    before = signal.getsignal(signal.SIGINT)
    said = meshcast(
        *("run", person_clip, "--save", tmp_path / "a.npz"),
        *("--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json"),
    )
    assert said.code == EXIT_PARTIAL
    assert said.errors[0] == "meshcast: interrupted before the end of the source"
    summary = report(tmp_path / "s.json")
    assert 3 <= summary["frames"] < 12  # the third, and what had been read
    assert summary["frames"] == summary["captured_frames"]
    assert load(tmp_path / "a.npz")["frames"].item() == summary["frames"] == len(read_clip(tmp_path / "o.mp4"))
    assert report(tmp_path / "s.json")["exit_status"] == EXIT_PARTIAL
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "o.mp4", "s.json"}
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_interrupted_while_starting_writes_nothing(
    number: signal.Signals,
    meshcast: Command,
    engines: Callable[..., Any],
    person_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def interrupted(*args: Any, **options: Any) -> Any:
        os.kill(os.getpid(), number)
        return engines(*args, **options)

    monkeypatch.setattr(edge.models, "open_session", interrupted)
    said = meshcast("run", person_clip, "--summary", tmp_path / "s.json", "--save", tmp_path / "a.npz")
    assert (said.code, said.err) == (128 + number, "meshcast: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
@pytest.mark.parametrize("ignored", [False, True])
def test_run_sighup_shuts_down_unless_ignored(
    ignored: bool, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 2, signal.SIGHUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        said = meshcast("run", person_clip, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4")
        assert signal.getsignal(signal.SIGHUP) == (signal.SIG_IGN if ignored else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert said.code == (EXIT_WHOLE if ignored else EXIT_PARTIAL)
    frames = load(tmp_path / "a.npz")["frames"].item()
    assert frames == 12 if ignored else 3 <= frames < 12
    assert len(read_clip(tmp_path / "o.mp4")) == frames


def test_run_second_interrupt_ends_with_complete_files(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 1)
    close = Outputs.close

    def interrupted(self: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return close(self)

    monkeypatch.setattr(Outputs, "close", interrupted)
    said = meshcast("run", person_clip, "--overlay", tmp_path / "o.mp4", "--save", tmp_path / "a.npz")
    assert said.code == 130
    assert said.errors == ["meshcast: interrupted"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "o.mp4"}
    assert load(tmp_path / "a.npz")["frames"].item() == len(read_clip(tmp_path / "o.mp4")) >= 1


# Models, cameras and places that cannot be used


def copied_card(name: str, folder: Path) -> Path:
    """A model of the zoo in a folder of its own, which a test may damage."""
    text = (ZOO / f"{name}.toml").read_text()
    for path in ZOO.iterdir():
        if path.is_file() and (path.name.startswith(name) or path.name in text):
            shutil.copy(path, folder / path.name)
            (folder / path.name).chmod(0o644)
    return folder / f"{name}.toml"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + 64):
        data[place] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("task", "name", "damaged"),
    [
        ("detector", "nanodet_g", ".onnx"),
        ("pose", "movenet_thunder", ".onnx"),
        ("mesh", "pose2mesh_open", ".onnx"),
        ("mesh", "pose2mesh_open", ".npz"),
        ("pose", "movenet_thunder", ".toml"),
    ],
)
def test_run_damaged_model_is_an_error(
    task: str, name: str, damaged: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "models", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    card = copied_card(name, folder)
    assert meshcast("run", blank_clip, f"--{task}", card, "--max-frames", "1").code == EXIT_WHOLE
    card = copied_card(name, Path(shutil.move(folder, tmp_path / "damaged")))
    for path in card.parent.glob(f"*{damaged}"):
        flip(path)
    said = meshcast("run", blank_clip, f"--{task}", card, "--save", out / "a.npz", "--summary", out / "s.json")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert str(card.parent) in said.err
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("width = = 3", "not a TOML file"),
        ("width = 160\nheight = 120\n", "'K' is missing|'fx' is missing"),
        ("width = 160\nheight = 120\nfx = -1\nfy = 1\ncx = 1\ncy = 1\n", "K must be"),
    ],
)
def test_run_unusable_camera_file_is_an_error(
    text: str | None, says: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    camera, out = tmp_path / "camera.toml", tmp_path / "out"
    out.mkdir()
    if text is not None:
        camera.write_text(text)
    said = meshcast("run", blank_clip, "--camera", camera, "--save", out / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert any(part in said.err for part in says.split("|"))
    assert list(out.iterdir()) == []


def test_run_camera_of_other_image_size_is_an_error(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, "--camera", MEDIA / "balance_cam01.toml", "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "1080 x 1920" in said.err
    assert "160 x 120" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("degrees", ["0", "180", "-60", "nan", "inf"])
def test_run_invalid_field_of_view_is_an_error(degrees: str, meshcast: Command, blank_clip: Path) -> None:
    said = meshcast("run", blank_clip, f"--fov={degrees}")
    assert said.code == EXIT_INPUT
    assert "is not between 0 and 180 degrees" in said.errors[0]
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("option", ["--save", "--overlay", "--summary"])
@pytest.mark.parametrize("place", ["missing/a", "file/a", "folder"])
def test_run_unwritable_output_is_an_error(
    option: str, place: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    suffix = {"--save": ".npz", "--overlay": ".mp4", "--summary": ".json"}[option]
    (tmp_path / "file").write_text("in the way")
    (tmp_path / f"folder{suffix}").mkdir()
    before = sorted(tmp_path.rglob("*"))
    others = {"--save": tmp_path / "b.npz", "--overlay": tmp_path / "b.mp4", "--summary": tmp_path / "b.json"}
    words = [word for pair in {**others, option: tmp_path / f"{place}{suffix}"}.items() for word in pair]
    said = meshcast("run", blank_clip, *words)
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert f"{place}{suffix}: " in said.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("option", "name"), [("--save", "a.npy"), ("--overlay", "o.gif")])
def test_run_unknown_output_suffix_is_an_error(
    option: str, name: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    said = meshcast("run", blank_clip, option, tmp_path / name, "--summary", tmp_path / "s.json")
    assert said.code == EXIT_INPUT
    assert name in said.errors[0]
    assert list(tmp_path.iterdir()) == []


def test_run_occupied_port_is_an_error(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        said = meshcast("run", blank_clip, "--publish", address, "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert address in said.err
    assert list(tmp_path.iterdir()) == []


# Engines that give nonsense


class Spoilt:
    """An engine whose outputs a function may spoil; it is told how many calls there were before."""

    def __init__(self, session: Any, spoil: Callable[[int, tuple[Array, ...]], None]) -> None:
        self._session = session
        self._spoil = spoil
        self._calls = 0
        self.backend, self.device, self.precision = session.backend, session.device, session.precision

    def __call__(self, *inputs: Array) -> tuple[Array, ...]:
        outputs = tuple(output.copy() for output in self._session(*inputs))
        self._spoil(self._calls, outputs)
        self._calls += 1
        return outputs


def spoil(
    monkeypatch: pytest.MonkeyPatch,
    engines: Callable[..., Any],
    task: str,
    how: Callable[[int, tuple[Array, ...]], None],
) -> None:
    def opened(card: Any, **options: Any) -> Any:
        session = engines(card, **options)
        return Spoilt(session, how) if card.task == task else session

    monkeypatch.setattr(edge.models, "open_session", opened)


@pytest.mark.parametrize("task", ["pose", "mesh"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_run_drops_person_of_nan_only(
    task: str,
    value: float,
    meshcast: Command,
    engines: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = ("run", MEDIA / "pedestrians.mp4", "--max-frames", "6", "--smooth", "off", "--summary", tmp_path / "s.json")
    assert meshcast(*run, "--save", tmp_path / "clean.npz").code == EXIT_WHOLE
    clean = load(tmp_path / "clean.npz")
    assert report(tmp_path / "s.json")["stages_ms"]["pose"]["count"] == 6
    before = 1  # the first call is a trial on nothing

    def one_person(call: int, outputs: tuple[Array, ...]) -> None:
        if call - before in (2, 3):
            outputs[0][0, 3] = value

    spoil(monkeypatch, engines, task, one_person)
    said = meshcast(*run, "--save", tmp_path / "spoilt.npz")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    spoilt = load(tmp_path / "spoilt.npz")
    assert report(tmp_path / "s.json")["dropped_people"] == 2
    for name in ("keypoints", "joints", "vertices", "translation"):
        assert np.isfinite(spoilt[name]).all()
    for index in range(6):
        seen, there = spoilt["id"][spoilt["frame"] == index], clean["id"][clean["frame"] == index]
        assert len(there) >= 3
        assert seen.tolist() == there[1 if index in (2, 3) else 0 :].tolist()


def test_run_ignores_boxes_of_nan(
    meshcast: Command,
    engines: Callable[..., Any],
    photo: U8,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_boxes(call: int, outputs: tuple[Array, ...]) -> None:
        for output in outputs:
            output[:] = np.nan

    cv2.imwrite(str(tmp_path / "a.png"), photo)
    spoil(monkeypatch, engines, "detector", all_boxes)
    said = meshcast("run", tmp_path / "a.png", "--save", tmp_path / "a.npz")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert len(load(tmp_path / "a.npz")["frame"]) == 0


@pytest.mark.parametrize("value", [0.5, 1e12])
def test_run_keypoints_without_person_do_not_end_it(
    value: float,
    meshcast: Command,
    engines: Callable[..., Any],
    person_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_on_one_spot(call: int, outputs: tuple[Array, ...]) -> None:
        outputs[0][..., :2] = value
        outputs[0][..., 2] = 0.9

    spoil(monkeypatch, engines, "pose", all_on_one_spot)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    words = ("--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4", "--publish", address)
    said = meshcast("run", person_clip, "--max-frames", "3", *words)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert np.isfinite(load(tmp_path / "a.npz")["vertices"]).all()


def test_run_full_disk_keeps_other_files(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    add = NpzWriter.add

    def full(self: NpzWriter, frame: Frame, bodies: Bodies, camera: Camera, posed: Any) -> None:
        if frame.index == 2:
            raise OutputError("a.npz: cannot be written: No space left on device")
        add(self, frame, bodies, camera, posed)

    monkeypatch.setattr(NpzWriter, "add", full)
    words = ("--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json")
    said = meshcast("run", person_clip, "--save", tmp_path / "a.npz", *words)
    assert said.code == EXIT_PARTIAL
    problem = "a.npz: cannot be written: No space left on device; the frames before are kept"
    assert caplog.messages == [problem]  # once, when it happens
    assert said.errors == [f"meshcast: {problem}", "meshcast: partial output was kept"]
    assert f"wrote {tmp_path / 'a.npz'}" in said.out
    assert load(tmp_path / "a.npz")["frames"].item() == 2
    assert len(read_clip(tmp_path / "o.mp4")) == 12
    assert report(tmp_path / "s.json")["problems"] == [problem]
    assert report(tmp_path / "s.json")["frames"] == 12


def test_run_ends_when_all_outputs_failed(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OutputError("a.npz: cannot be written: No space left on device")

    monkeypatch.setattr(NpzWriter, "add", full)
    words = ("--loop", "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    assert meshcast("run", person_clip, *words).code == EXIT_PARTIAL
    assert report(tmp_path / "s.json")["frames"] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"s.json"}


def test_run_file_size_limit_keeps_earlier_frames(person_clip: Path, tmp_path: Path) -> None:
    program = (
        "import resource, sys; from edge.cli.main import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)); sys.exit(main(sys.argv[1:]))"
    )
    words = ("run", str(person_clip), "-q", "--save", "a.npz", "--summary", "s.json")
    done = subprocess.run([sys.executable, "-c", program, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == EXIT_PARTIAL
    said = [line for line in done.stderr.splitlines() if "a.npz" in line]
    assert said == ["meshcast: a.npz: cannot be written: File too large; the frames before are kept"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "s.json"}
    assert 1 <= load(tmp_path / "a.npz")["frames"].item() < 12


def test_run_unwritable_summary_is_one_line(
    meshcast: Command, blank_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: OutputFile, content: bytes) -> None:
        self.discard()
        raise OutputError(f"{self.path}: cannot be written: No space left on device")

    monkeypatch.setattr(OutputFile, "write", full)
    said = meshcast("run", blank_clip, "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    assert said.code == EXIT_PARTIAL
    assert said.errors[0] == f"meshcast: {tmp_path / 's.json'}: cannot be written: No space left on device"
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--save", "a.npz", "--overlay", "clip.mp4"], "clip.mp4: is an input of this run"),
        (["--overlay", "./link.mp4"], "link.mp4: is an input of this run"),
        (["--summary", "camera.toml", "--camera", "camera.toml"], "camera.toml: is an input of this run"),
        (["--summary", "a.json", "--trace", "./a.json"], "a.json: two outputs have this path"),
        (["--save", "folder.npz"], "folder.npz: not a regular file"),
        (["--save", "pipe.npz"], "pipe.npz: not a regular file"),
        (["--summary", "/dev/null"], "/dev/null: not a regular file"),
        (["--summary", "readonly.json"], "readonly.json: the file exists and is read-only"),
        (["--overlay", "a.mp4", "--overlay-encoder", "gif"], "encoder gif does not work here"),
    ],
)
def test_run_conflicting_outputs_fail_before_models_load(
    words: list[str], says: str, meshcast: Command, blank_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(blank_clip, "clip.mp4")
    shutil.copy(MEDIA / "balance_cam01.toml", "camera.toml")
    Path("link.mp4").symlink_to("clip.mp4")
    Path("folder.npz").mkdir()
    os.mkfifo("pipe.npz")
    Path("readonly.json").write_text("{}")
    Path("readonly.json").chmod(0o444)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(edge.run, "LoadedModels", None)  # raises when it is called
    said = meshcast("run", "clip.mp4", *words)
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert says in said.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["../escaped", "..", ".", "a/b", "", "a b", "x" * 31, "\u0430", "a\n"])
def test_run_invalid_stream_name_is_an_error(name: str, meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    said = meshcast("run", blank_clip, "--stream", name, "--save", folder / "{stream}.npz")
    assert said.code == EXIT_USAGE
    assert "the stream's name" in said.errors[0]
    assert len(said.err.splitlines()) == 1
    assert list(tmp_path.rglob("*")) == [folder]


def test_run_name_of_single_stream_is_used_in_paths(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    words = ("--stream", "left.1", "--save", tmp_path / "{stream}.npz")
    assert meshcast("run", blank_clip, *words).code == EXIT_WHOLE
    assert [path.name for path in tmp_path.iterdir()] == ["left.1.npz"]


def test_run_frame_of_other_size_is_left_out(
    meshcast: Command, photo: U8, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, camera = tmp_path / "photos", tmp_path / "camera.toml"
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), photo if number != 2 else photo[:, 50:])
    camera.write_text("width = 405\nheight = 720\nfx = 700\nfy = 700\ncx = 202\ncy = 360\n")
    words = ("--camera", camera, "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    said = meshcast("run", folder, *words)
    assert said.code == EXIT_PARTIAL
    assert said.errors[0].startswith("meshcast: photos: a frame was left out: frame 2: the camera file is for ")
    assert said.errors[1].startswith("meshcast: photos: 1 frame was left out; ")
    assert len(caplog.messages) == 1
    summary = report(tmp_path / "s.json")
    assert (summary["frames"], summary["drops"]["failed"], summary["dropped_frames"]) == (3, 1, 1)
    assert set(load(tmp_path / "a.npz")["frame"].tolist()) == {0, 1, 3}


# Several sources


def test_run_two_sources_share_engines_and_address(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    said = meshcast(
        *("run", person_clip, person_clip, "synthetic:?frames=5", "--publish", address),
        *("--save", tmp_path / "{stream}.npz", "--summary", tmp_path / "s.json"),
    )
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    summary = report(tmp_path / "s.json")
    assert list(summary["streams"]) == ["person-1", "person-2", "synthetic"]
    assert [stream["frames"] for stream in summary["streams"].values()] == [12, 12, 5]
    assert {path.name for path in tmp_path.iterdir()} == {"person-1.npz", "person-2.npz", "synthetic.npz", "s.json"}
    first, second = (load(tmp_path / f"person-{number}.npz") for number in (1, 2))
    np.testing.assert_array_equal(first["id"], second["id"])
    np.testing.assert_allclose(first["joints"], second["joints"], atol=0.1)
    calls = summary["engines_ms"]["detector engine"]["count"]
    assert calls < sum(stream["stages_ms"]["detect"]["count"] for stream in summary["streams"].values()) + 3
    assert "person-2:\n12 frames" in said.out


def test_run_source_failure_keeps_other_streams(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(person_clip.read_bytes()[: person_clip.stat().st_size * 2 // 3])
    letter = tmp_path / "letter.mp4"
    letter.write_text("This is a letter.\n" * 100)
    said = meshcast("run", person_clip, broken, "--summary", tmp_path / "s.json")
    assert said.code == EXIT_PARTIAL
    streams = report(tmp_path / "s.json")["streams"]
    assert streams["person"]["frames"] == 12
    assert 1 <= streams["broken"]["frames"] < 12
    assert streams["person"]["problems"] == []
    assert len(streams["broken"]["problems"]) == 1
    assert meshcast("run", person_clip, letter).code == EXIT_INPUT  # a wrong name is said at once, as for one source


@pytest.mark.parametrize("error", [ModelError("the engine is gone"), ZeroDivisionError("division by zero")])
def test_run_persistent_stage_errors_end_one_stream_only(
    error: Exception, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recover_meshes = Pipeline.recover_meshes

    def failing(self: Pipeline, seen: TrackedFrame) -> Bodies:
        if seen.frame.stream == "b" and seen.frame.index >= 4:
            raise error
        return recover_meshes(self, seen)

    monkeypatch.setattr(Pipeline, "recover_meshes", failing)
    names = ("--stream", "a", "--stream", "b", "--save", tmp_path / "{stream}.npz", "--summary", tmp_path / "s.json")
    said = meshcast("run", person_clip, person_clip, *names, "--loop", "--max-frames", "40")
    assert said.code == EXIT_PARTIAL
    streams = report(tmp_path / "s.json")["streams"]
    assert (streams["a"]["frames"], streams["b"]["frames"]) == (40, 4)
    assert len(streams["a"]["problems"]) == 0
    assert all(problem.startswith("b: ") and str(error) in problem for problem in streams["b"]["problems"])
    assert load(tmp_path / "a.npz")["frames"].item() == 40
    assert load(tmp_path / "b.npz")["frames"].item() == 4  # what was made is kept


def test_run_stage_that_always_fails_is_one_line(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Pipeline, seen: TrackedFrame) -> Bodies:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Pipeline, "recover_meshes", failing)
    said = meshcast("run", person_clip, "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "ZeroDivisionError: division by zero; this is a bug of Meshcast" in said.errors[0]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a camera that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_run_silent_camera_is_named(
    silent: str, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 2)
    words = ("--stream", "dead", "--stream", "well", "--summary", tmp_path / "s.json")
    said = meshcast("run", silent, person_clip, "--loop", *words)
    assert said.code == EXIT_PARTIAL
    assert said.errors[0] == "meshcast: dead: no frame arrived"
    streams = report(tmp_path / "s.json")["streams"]
    assert streams["dead"]["problems"] == ["dead: no frame arrived"]
    assert streams["well"]["problems"] == []


def test_run_single_silent_camera_exits_with_input_error(
    silent: str, meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = Progress.refresh
    interrupted: list[int] = []

    def interrupting(self: Progress) -> None:
        if not interrupted:
            interrupted.append(1)
            os.kill(os.getpid(), signal.SIGINT)
        refresh(self)

    monkeypatch.setattr(Progress, "refresh", interrupting)
    said = meshcast("run", silent, "--stream", "dead", "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert said.errors == ["meshcast: dead: no frame arrived"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--save", "a.npz"], "several sources need a path for each, for example {stream}.npz"),
        (["--stream", "left"], "2 sources and 1 names"),
        (["--stream", "left", "--stream", "left"], "two streams cannot both be called left"),
        (["--camera", str(MEDIA / "balance_cam01.toml")] * 3, "2 sources and 3 of --camera"),
    ],
)
def test_run_names_and_cameras_of_several_sources(
    words: list[str], reason: str, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = meshcast("run", person_clip, person_clip, *words)
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert reason in said.errors[0]
    assert list(tmp_path.iterdir()) == []
