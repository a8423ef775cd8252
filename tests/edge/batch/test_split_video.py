"""Long videos of a batch: parts that fail, interrupts, resumption. The workers have no models."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.batch.batch import BatchConfig, BatchResult, run_batch
from edge.batch.executor import VideoResult
from edge.batch.manifest import Manifest
from edge.batch.output_folder import WORK
from edge.batch.process_pool import ProcessPool
from edge.batch.progress import BatchProgress
from edge.batch.split_video import SplitVideo, parts_folder
from edge.batch.task_files import hashed
from edge.batch.video import Video
from edge.batch.videos import find_videos
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE
from edge.sources.video_part import VideoPart
from tests.support.batch_workers import SUFFIXES, attempts, loader

Batch = Callable[..., BatchResult]


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """Process the videos that are given by name with their text."""
    for name in ("videos", "marks"):
        (tmp_path / name).mkdir()

    def run(
        on_progress: Callable[[BatchProgress], None] = lambda progress: None, *, mesh: str = "m", redo: bool = False,
        **videos: str,
    ) -> BatchResult:  # fmt: skip
        for name, text in videos.items():
            (tmp_path / "videos" / f"{name}.mp4").write_text(text)
        found = find_videos([str(tmp_path / "videos")]).videos
        config = BatchConfig(tmp_path / "out", SUFFIXES, {"mesh": mesh}, redo)
        return run_batch(found, config, lambda count: ProcessPool(loader(tmp_path / "marks"), 1), on_progress)

    return run


def tried(folder: Path, *names: str) -> list[int]:
    return [attempts(folder / "marks", name) for name in names]


PARTS = "a-0", "a-1", "a-2", "a-stitch"


def test_split_video_part_whose_worker_dies_is_done_again_alone(batch: Batch, tmp_path: Path) -> None:
    result = batch(a="long 3 1 kill", b="ok 4")
    assert result.exit_code(0) == EXIT_WHOLE
    assert tried(tmp_path, *PARTS, "b") == [1, 2, 1, 1, 1]
    out = tmp_path / "out"
    assert (out / "a.npz").read_text() == "0 1 2"
    assert (result.progress.done, result.progress.frames) == (2, 34)
    record = Manifest(out).records["a"]
    assert (record.state, record.details["parts"], record.attempts) == ("done", 3, 2)
    assert not (out / WORK).exists()
    assert batch().progress.skipped == 2


def test_split_video_interrupted_continues_with_the_parts_that_are_not_done(batch: Batch, tmp_path: Path) -> None:
    def interrupt(progress: BatchProgress) -> None:
        if attempts(tmp_path / "marks", "a-1") and progress.fps * progress.elapsed_s > 14.5:  # 10 + 5 frames
            os.kill(os.getpid(), signal.SIGINT)

    result = batch(interrupt, a="long 3 1 wait")
    assert isinstance(result.interruption, KeyboardInterrupt)
    assert Manifest(tmp_path / "out").records["a"].state == "started"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"manifest.jsonl", WORK}
    (tmp_path / "marks" / "go").touch()
    assert batch().exit_code(0) == EXIT_WHOLE
    assert tried(tmp_path, *PARTS) == [1, 2, 1, 1]
    assert (tmp_path / "out" / "a.npz").read_text() == "0 1 2"
    assert not (tmp_path / "out" / WORK).exists()


def test_split_video_part_that_fails_is_tried_again_by_the_next_batch(batch: Batch, tmp_path: Path) -> None:
    result = batch(a="long 3 1 fail", b="ok 1")
    assert result.failed == {"a": "part 2 of 3: not decodable"}
    assert result.exit_code(0) == EXIT_PARTIAL
    assert tried(tmp_path, *PARTS) == [1, 3, 1, 0]
    assert not (tmp_path / "out" / "a.npz").exists()
    batch()
    assert tried(tmp_path, *PARTS) == [1, 6, 1, 0]
    assert batch(a="long 3 0 ok").exit_code(0) == EXIT_WHOLE  # another video: no part of the old one is used
    assert tried(tmp_path, *PARTS) == [2, 7, 2, 1]
    assert not (tmp_path / "out" / WORK).exists()


def test_split_video_part_with_other_frames_is_processed_as_a_whole(batch: Batch, tmp_path: Path) -> None:
    assert batch(a="long 3 1 cut").exit_code(0) == EXIT_WHOLE
    assert tried(tmp_path, "a-0", "a-1", "a-stitch", "a") == [1, 1, 0, 1]
    assert (tmp_path / "out" / "a.npz").read_text() == "a 30"
    assert not (tmp_path / "out" / WORK).exists()


def test_split_video_parts_of_other_settings_are_not_used(batch: Batch, tmp_path: Path) -> None:
    batch(a="long 3 1 fail")
    batch(mesh="n", redo=True)
    assert tried(tmp_path, *PARTS) == [2, 6, 2, 0]
    assert len(list((tmp_path / "out" / WORK / "parts").iterdir())) == 1


def test_split_video_resume_leaves_out_parts_that_are_not_intact(tmp_path: Path) -> None:
    video = Video(tmp_path / "a.mp4", "a", 5, 6)
    folder = parts_folder(tmp_path, video, {"mesh": "m"})
    assert folder != parts_folder(tmp_path, video, {"mesh": "n"})
    assert folder != parts_folder(tmp_path, replace(video, size=7), {"mesh": "m"})
    parts = tuple(VideoPart(10 * i, 10 * i, 10 * i + 10, 0, None, -1, 0) for i in range(3))
    split = SplitVideo.begin(video, folder, parts)
    assert SplitVideo.resume(video, tmp_path / "none") is None
    for number in range(3):
        task = tmp_path / f"task{number}"
        task.mkdir()
        (task / "output.part").write_text(f"part {number}")
        done = VideoResult((hashed(task, ".part"),), cpu_s=1.5, wall_s=2.0)
        assert split.finish(number, task, done) == (number == 2)
    assert (split.frames, split.total, split.cpu_s, split.wall_s) == (30, 30, 4.5, 6.0)
    again = SplitVideo.resume(video, folder)
    assert again is not None
    assert (again.parts, again.done) == (parts, split.done)
    (folder / "0001.part").write_text("part X")
    again = SplitVideo.resume(video, folder)
    assert again is not None
    assert sorted(again.done) == [0, 2]
    (folder / "plan.json").write_text("{")
    assert SplitVideo.resume(video, folder) is None
