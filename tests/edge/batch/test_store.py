"""Requests to a store: repeated after passing errors, refused once without permission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.batch.store import ATTEMPTS, Store, StoreError, is_store, scheme_of


class Files:
    """A file system whose next requests fail."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.objects: dict[str, bytes] = {}

    def invalidate_cache(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    def cat_file(self, path: str) -> bytes:
        return self.objects[path]

    def put_file(self, path: str, target: str) -> None:
        self.objects[target] = Path(path).read_bytes()[:2]

    def info(self, path: str) -> dict[str, Any]:
        return {"name": path, "size": len(self.objects[path]), "type": "file"}


def store(files: Files) -> Store:
    return Store("s3://b/x", files, pause_s=0.0)


def test_store_passing_errors_are_repeated() -> None:
    files = Files(*(OSError("slow down") for _ in range(ATTEMPTS - 1)))
    files.objects["b/x"] = b"1"
    assert store(files).read("s3://b/x") == b"1"
    files.errors = [TimeoutError("no\nanswer") for _ in range(ATTEMPTS)]
    with pytest.raises(StoreError, match=rf"^s3://b/x: the store failed {ATTEMPTS} times: no answer$"):
        store(files).read("s3://b/x")


def test_store_without_permission_is_asked_once() -> None:
    files = Files(PermissionError("Access Denied"), PermissionError("Access Denied"))
    with pytest.raises(StoreError, match=r"^s3://b/x: the store gives no permission; "):
        store(files).read("s3://b/x")
    assert len(files.errors) == 1


def test_store_upload_that_is_cut_raises(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123")
    with pytest.raises(StoreError, match="is not there as it was written"):
        store(Files()).upload(tmp_path / "a", "s3://b/x")
    (tmp_path / "a").write_bytes(b"12")
    assert store(Files()).upload(tmp_path / "a", "s3://b/x").size == 2


def test_is_store_knows_the_schemes() -> None:
    assert [is_store(text) for text in ("s3://b", "gs://b/c", "http://b", "/s3", "s3:/b")] == [True, True, *[False] * 3]
    assert (scheme_of("RTSP://a"), scheme_of("a/b")) == ("rtsp", None)
