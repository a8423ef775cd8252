"""A video of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.redaction import redact_path

# Found in folders; a file that is named itself may have any suffix.
VIDEO_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "asf", "avi", "flv", "h264", "h265", "hevc", "ivf", "m2ts", "m4v", "mjpeg", "mjpg", "mkv", "mov"),
        *("mp4", "mpeg", "mpg", "mts", "mxf", "ogv", "ts", "vob", "webm", "wmv", "y4m"),
    )
)
NAME_BYTES = 250  # of a file's name; leaves 5 for the suffix of an output


@dataclass(frozen=True, slots=True)
class Video:
    """One video of a batch.

    Attributes:
        path: absolute path of the file; of an object, where the worker has fetched it to.
        name: of its outputs: their path below the output folder, without suffix, with `/` between folders.
        size: of the file, bytes.
        mtime_ns: time of its last change, ns since 1970 UTC.
        url: of an object of a store, "" for a file.
    """

    path: Path
    name: str
    size: int
    mtime_ns: int
    url: str = ""

    @property
    def source(self) -> str:
        """Path or URL, for messages and the manifest."""
        return redact_path(self.url) if self.url else str(self.path)
