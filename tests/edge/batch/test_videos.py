"""Files, folders, globs and lists become videos with names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.batch.videos import find_videos
from edge.errors import SourceError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """a.mp4, day1/b.mkv, day2/b.MP4, and files that are no videos."""
    for name in ("a.mp4", "day1/b.mkv", "day2/b.MP4", "notes.txt", ".hidden.mp4", ".cache/c.mp4"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def names(*sources: str | Path) -> list[str]:
    return [video.name for video in find_videos([str(source) for source in sources]).videos]


def test_find_videos_folder_is_searched_with_its_structure(archive: Path) -> None:
    assert names(archive) == ["a", "day1/b", "day2/b"]


def test_find_videos_file_and_glob_have_stem_as_name(archive: Path) -> None:
    assert names(archive / "a.mp4", archive / "day1" / "*.mkv") == ["a", "b"]
    assert names(archive / "**" / "*.mkv") == ["b"]
    assert names(archive / "notes.txt") == ["notes"]  # named itself: any suffix


def test_find_videos_file_with_brackets_is_no_glob(tmp_path: Path) -> None:
    (tmp_path / "clip[1].mp4").write_bytes(b"x")
    assert names(tmp_path / "clip[1].mp4") == ["clip[1]"]


def test_find_videos_list_is_relative_to_itself(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (archive / "list.txt").write_text("\ufeff# all of\n\n  a.mp4 \r\nday1\nmissing.mp4\n", encoding="utf-8")
    found = find_videos([f"@{archive / 'list.txt'}"])
    assert [video.name for video in found.videos] == ["a", "b"]
    assert found.problems == (f"{archive / 'missing.mp4'}: cannot be read: No such file or directory",)
    monkeypatch.chdir(archive)
    assert names("@list.txt") == ["a", "b"]


def test_find_videos_same_file_twice_is_one_video(archive: Path) -> None:
    (archive / "link.mp4").symlink_to("a.mp4")
    found = find_videos([str(archive / "a.mp4"), str(archive / "*.mp4")])
    assert [video.name for video in found.videos] == ["a"]


def test_find_videos_same_name_raises(archive: Path) -> None:
    with pytest.raises(SourceError, match=r"^b: the outputs of .*b\.\w+ and .*b\.\w+ would have this name; rename"):
        find_videos([str(archive / "day1"), str(archive / "day2")])


def test_find_videos_unreadable_sources_are_listed(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / f"{'n' * 251}.ts").write_bytes(b"x")
    sources = ["gone.mp4", "folder", "*.avi", "@gone.txt", "empty.mp4", "pipe.mp4", f"{'n' * 251}.ts"]
    given = [f"@{tmp_path / word[1:]}" if word[0] == "@" else str(tmp_path / word) for word in sources]
    found = find_videos([*given, "abfs://bucket/key.mp4", "a\0b"])
    assert not found.videos
    problems = [problem.removeprefix("@").removeprefix(f"{tmp_path}/") for problem in found.problems]
    assert [problem.split(": ", 1)[1] for problem in problems[:6]] == [
        "cannot be read: No such file or directory",
        "no video in this folder",
        "no file matches",
        "the list cannot be read: No such file or directory",
        "the file is empty",
        "not a regular file",
    ]
    assert "too long" in problems[6]
    assert problems[7].startswith("abfs://bucket/key.mp4: not a file or an object of s3:// or gs://")
    assert "embedded null" in problems[8]
