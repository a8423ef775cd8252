"""Runs with real files and models: what is saved, drawn and published."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

import edge
import edge.models
import edge.run
from calibration.camera import Camera
from edge.errors import EXIT_WHOLE
from edge.pipeline import Pipeline
from edge.run_config import OutputConfig, RunConfig, SourceConfig
from edge.sources.synthetic.source import SyntheticSource
from edge.types import U8, Frame, TrackedFrame
from meshcast.protocol.packets import FramePacket
from tests.support.clips import read_clip
from tests.support.commands import Command, load, report
from tests.support.paths import ROOT


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
    assert sorted(set(documented) - {"views", "cameras"}) == sorted(saved)  # those two are of rooms
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
        "decode_level",
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
    assert set(summary["models"]) == {"detector", "pose", "second_pose", "mesh"}
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


def test_run_name_of_single_stream_is_used_in_paths(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    words = ("--stream", "left.1", "--save", tmp_path / "{stream}.npz")
    assert meshcast("run", blank_clip, *words).code == EXIT_WHOLE
    assert [path.name for path in tmp_path.iterdir()] == ["left.1.npz"]


@pytest.mark.usefixtures("engines")
def test_run_with_loaded_models_is_the_same_run(person_clip: Path, tmp_path: Path) -> None:
    """Runs that share models have the results and the engine timings of a run of their own."""
    models = edge.models.LoadedModels(edge.models.Models())
    told: list[tuple[int, int | None]] = []
    calls: list[dict[str, int]] = []
    for name in "ab":
        config = RunConfig(
            SourceConfig((str(person_clip),)), outputs=OutputConfig(save=tmp_path / f"{name}.npz"), quiet=True
        )
        result = edge.run.run(config, models=models, on_progress=lambda frames, total: told.append((frames, total)))
        assert result.exit_code == EXIT_WHOLE
        calls.append({name: times["count"] for name, times in result.report["engines_ms"].items()})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert calls[0] == calls[1]
    assert calls[0]["detector engine"] >= 2
    assert told
    assert {total for _, total in told} == {12}
    assert max(frames for frames, _ in told) <= 12
