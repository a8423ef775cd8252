"""Batches whose videos and outputs are in an S3 service of this machine; the workers have no models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.batch.batch import BatchConfig, BatchResult, run_batch
from edge.batch.manifest import NAME
from edge.batch.process_pool import ProcessPool
from edge.batch.spool import Spooled
from edge.batch.store import Store
from edge.batch.videos import find_videos
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE, OutputError
from tests.support.batch_workers import SUFFIXES, attempts, loader
from tests.support.s3 import BUCKET, FORBIDDEN, FailingApplication, s3_service

VIDEOS, OUT = f"s3://{BUCKET}/videos", f"s3://{BUCKET}/out"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingApplication]:
    with s3_service(monkeypatch) as application:
        yield application


@pytest.fixture
def files(service: FailingApplication) -> Any:
    import s3fs

    return s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)


def add(files: Any, **videos: str) -> None:
    for name, text in videos.items():
        files.pipe_file(f"{BUCKET}/videos/{name.replace('__', '/')}.mp4", text.encode())


def batch(marks: Path, out: str | Path = OUT) -> BatchResult:
    load = Spooled(loader(marks), out if isinstance(out, str) else "")
    return run_batch(find_videos([VIDEOS]).videos, BatchConfig(out, SUFFIXES, {}), lambda count: ProcessPool(load, 1))


def count_attempts(marks: Path, *names: str) -> dict[str, int]:
    counts = {name: attempts(marks, name) for name in names}
    for path in marks.iterdir():
        path.unlink()
    return counts


def states(files: Any) -> dict[str, str]:
    _, *lines = files.cat_file(f"{BUCKET}/out/{NAME}").decode().splitlines()
    return {entry["name"]: entry["state"] for entry in map(json.loads, lines)}


def test_batch_in_a_store_with_errors_now_and_then_is_resumed(
    service: FailingApplication, files: Any, tmp_path: Path
) -> None:
    add(files, a="ok 3", b="kill 4", c="fail", d="ok 2", e="ok 5")
    service.every = 5
    result = batch(tmp_path)
    assert not result.stopped
    assert service.failures > 3
    assert set(result.failed) == {"c"}
    assert result.exit_code(0) == EXIT_PARTIAL
    assert count_attempts(tmp_path, *"abcde") == {"a": 1, "b": 2, "c": 3, "d": 1, "e": 1}
    names = {f"{BUCKET}/out/{name}{suffix}" for name in "abde" for suffix in SUFFIXES}
    service.every = 0
    assert set(files.find(f"{BUCKET}/out")) == {f"{BUCKET}/out/{NAME}", *names}
    assert states(files) == {"a": "done", "b": "done", "c": "failed", "d": "done", "e": "done"}

    files.pipe_file(f"{BUCKET}/out/a.npz", b"a X")  # damaged, same size
    files.rm_file(f"{BUCKET}/out/b.json")
    content = files.cat_file(f"{BUCKET}/out/d.npz")
    files.pipe_file(f"{BUCKET}/out/d.npz", content)  # written again, the same
    add(files, c="ok 7", e="ok 55")
    assert batch(tmp_path).exit_code(0) == EXIT_WHOLE
    assert count_attempts(tmp_path, *"abcde") == {"a": 1, "b": 2, "c": 1, "d": 0, "e": 1}  # b kills its first worker
    assert files.cat_file(f"{BUCKET}/out/a.npz") == b"a 3"
    assert files.cat_file(f"{BUCKET}/out/e.npz") == b"e 55"


def test_batch_of_a_store_into_a_folder(service: FailingApplication, files: Any, tmp_path: Path) -> None:
    add(files, day__a="ok 3", b="ok 1")
    files.pipe_file(f"{BUCKET}/videos/notes.txt", b"no video")
    marks, out = tmp_path / "marks", tmp_path / "out"
    (marks / "day").mkdir(parents=True)
    assert batch(marks, out).exit_code(0) == EXIT_WHOLE
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == {
        NAME,
        *(f"{name}{suffix}" for name in ("day/a", "b") for suffix in SUFFIXES),
    }


def test_batch_in_a_store_outputs_before_the_manifest_are_its_own(
    service: FailingApplication, files: Any, tmp_path: Path
) -> None:
    """As after a crash between the upload of outputs and that of the manifest."""
    add(files, a="ok 3")
    batch(tmp_path)
    lines = files.cat_file(f"{BUCKET}/out/{NAME}").decode().splitlines()
    started = json.dumps(json.loads(lines[1]) | {"state": "started", "files": [], "details": {}})
    files.pipe_file(f"{BUCKET}/out/{NAME}", f"{lines[0]}\n{started}\n".encode())
    assert batch(tmp_path).exit_code(0) == EXIT_WHOLE
    files.rm_file(f"{BUCKET}/out/{NAME}")
    with pytest.raises(OutputError, match=r"^s3://archive/out/a\.npz: exists and is no result of a batch"):
        batch(tmp_path)


def test_batch_in_a_store_without_permission_is_one_line(
    service: FailingApplication, files: Any, tmp_path: Path
) -> None:
    add(files, a="ok 3")
    with pytest.raises(OutputError, match=r"^s3://forbidden/out.*: the store gives no permission; check the cred"):
        batch(tmp_path, f"s3://{FORBIDDEN}/out")
    with pytest.raises(OutputError, match=r"^s3://nobucket/out/manifest\.jsonl: cannot be written: "):
        batch(tmp_path, "s3://nobucket/out")
    found = find_videos([f"s3://{FORBIDDEN}/videos", f"s3://{BUCKET}/none", f"s3://{BUCKET}/*.avi"])
    assert not found.videos
    assert found.problems == (
        "s3://forbidden/videos: the store gives no permission; check the credentials",
        "s3://archive/none: no such object, and no video below it",
        "s3://archive/*.avi: no object matches",
    )
    assert Store(VIDEOS).info(f"{VIDEOS}/a.mp4") is not None
