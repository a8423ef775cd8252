"""The videos of a batch: files, folders, globs and lists become paths with the names of their outputs."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.batch.store import is_store, scheme_of
from edge.batch.store_sources import videos_in_store
from edge.batch.video import NAME_BYTES, VIDEO_SUFFIXES, Video
from edge.errors import SourceError
from edge.redaction import redact_path

LIST_BYTES = 64 << 20  # of a text list


@dataclass(frozen=True, slots=True)
class FoundVideos:
    """What the sources of a batch stand for.

    Attributes:
        videos: each file once, sorted by name.
        problems: what cannot be read, one line each.
    """

    videos: tuple[Video, ...]
    problems: tuple[str, ...]


def find_videos(sources: Sequence[str]) -> FoundVideos:
    """Find the videos of a batch.

    Args:
        sources: files, folders (searched recursively; their structure is part of the names), globs, and @LIST for a
            text file with one of these per line, relative to the list; objects, prefixes and patterns of s3:// and gs://.

    Returns:
        The videos, and a line for each source that is missing, unreadable or empty.

    Raises:
        SourceError: two videos have the same name.
    """
    found: dict[str, Video] = {}  # by real path: a file that two sources name is processed once
    problems: list[str] = []
    for source in sources:
        for entry in _expand(source, Path.cwd(), problems):
            video = entry if isinstance(entry, Video) else _video(*entry)
            if isinstance(video, str):
                problems.append(video)
            else:
                found.setdefault(video.url or os.path.realpath(video.path), video)
    videos = sorted(found.values(), key=lambda video: video.name)
    _check_distinct(videos)
    return FoundVideos(tuple(videos), tuple(dict.fromkeys(problems)))


def _expand(
    source: str, folder: Path, problems: list[str], *, lists: bool = True
) -> Iterator[tuple[Path, str] | Video]:
    """The files of a source with the names of their outputs, and the videos of a store."""
    if source.startswith("@") and lists:
        try:
            lines = _lines(Path(os.path.expanduser(source[1:])))
        except SourceError as error:
            problems.append(str(error))
            return
        for line in lines:
            yield from _expand(line, Path(source[1:]).absolute().parent, problems, lists=False)
        return
    if is_store(source):
        yield from videos_in_store(source, problems)
        return
    if scheme_of(source) is not None:
        problems.append(
            f"{redact_path(source)}: not a file or an object of s3:// or gs://; mount or copy the videos first"
        )
        return
    path = Path(os.path.abspath(folder / os.path.expanduser(source)))
    if path.is_dir():
        yield from _in_folder(path, source, problems)
    elif glob.has_magic(source) and not os.path.lexists(path):
        matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
        if not matches:
            problems.append(f"{source}: no file matches")
        for match in matches:
            if match.is_dir():
                yield from _in_folder(match, str(match), problems, required=False)
            else:
                yield match, match.stem
    else:
        yield path, path.stem


def _in_folder(folder: Path, source: str, problems: list[str], *, required: bool = True) -> Iterator[tuple[Path, str]]:
    """All videos below a folder; hidden files and folders are left out."""
    count = 0
    errors: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            path = Path(parent, file)
            if not file.startswith(".") and path.suffix.lower() in VIDEO_SUFFIXES:
                count += 1
                yield path, path.relative_to(folder).with_suffix("").as_posix()
    problems += [f"{error.filename}: the folder cannot be read: {error.strerror}" for error in errors]
    if required and not count and not errors:
        problems.append(f"{source}: no video in this folder")


def _lines(path: Path) -> list[str]:
    """The entries of a text list; empty lines and those that start with # are left out. Raises SourceError."""
    try:
        if path.stat().st_size > LIST_BYTES:
            raise SourceError(f"@{path}: larger than {LIST_BYTES >> 20} MiB, not a list of videos")
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise SourceError(f"@{path}: the list cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SourceError(f"@{path!s}: invalid file name: {error}") from None
    entries = [line.strip() for line in text.split("\n")]
    return [entry for entry in entries if entry and not entry.startswith("#")]


def _video(path: Path, name: str) -> Video | str:
    """The video, or why it cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return f"{path}: not a regular file"
        with path.open("rb"):
            pass
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    except ValueError as error:
        return f"{path}: invalid file name: {error}"
    if not status.st_size:
        return f"{path}: the file is empty"
    if any(len(os.fsencode(part)) > NAME_BYTES for part in name.split("/")):
        return f"{path}: the name is too long for the names of its outputs; rename it"
    return Video(path, name, status.st_size, status.st_mtime_ns)


def _check_distinct(videos: Sequence[Video]) -> None:
    """Raise SourceError if the outputs of two videos have one name."""
    first: dict[str, Video] = {}
    for video in videos:
        other = first.setdefault(video.name, video)
        if other is not video:
            raise SourceError(
                f"{video.name}: the outputs of {other.source} and {video.source} would have this name; rename one "
                "of them, give the folder above both, or use two --out folders"
            )
