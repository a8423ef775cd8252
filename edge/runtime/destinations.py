"""Where the files of a run go, checked before any work is done."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.errors import OutputError
from edge.runtime.outputs import OutputConfig
from edge.sinks.encoders import choose_encoder
from edge.sinks.npz import check_save_suffix
from edge.sinks.output_file import check_writable
from edge.sinks.overlay import VIDEO, check_overlay_suffix
from edge.sources.uri import IMAGE_SUFFIXES, parse

FIELD = "{stream}"


def plan_outputs(
    streams: Sequence[str], save: Path | None, overlay: Path | None, encoder: str = "auto"
) -> list[OutputConfig]:
    """The files of each stream; {stream} in a path becomes the stream's name.

    Raises OutputError for paths of an unknown kind, and one path for several streams; for an encoder as choose_encoder.
    """
    if save is not None:
        check_save_suffix(save)
    if overlay is not None:
        check_overlay_suffix(overlay)
        if overlay.suffix.lower() == VIDEO:
            encoder = choose_encoder(encoder)
    return [OutputConfig(_path(save, name, streams), _path(overlay, name, streams), encoder) for name in streams]


def check_outputs(outputs: Sequence[Path], sources: Sequence[str], others: Sequence[Path]) -> None:
    """Whether all these files can be written beside each other, without replacing what is read.

    others: files that are read beside the sources. Raises OutputError.
    """
    taken: dict[Path, Path] = {}
    places = [(path, check_writable(path)) for path in outputs]
    read = {Path(os.path.realpath(path)) for path in (*_files(sources), *others)}
    for path, place in places:
        if place in taken:
            raise OutputError(f"{path}: is asked for twice; give each output a name of its own")
        if place in read:
            raise OutputError(f"{path}: is read by this run and would be replaced; choose another name")
        taken[place] = path


def _path(path: Path | None, stream: str, streams: Sequence[str]) -> Path | None:
    if path is None:
        return None
    if len(streams) > 1 and FIELD not in str(path):
        raise OutputError(f"{path}: several sources need a name for each, for example {FIELD}{path.suffix}")
    return Path(str(path).replace(FIELD, stream))


def _files(sources: Sequence[str]) -> Iterator[Path]:
    """The files that the sources consist of."""
    for uri in sources:
        address = parse(uri)
        path = Path(address.target)
        if address.kind == "video":
            yield path
        elif address.kind == "images" and path.is_dir():
            yield from (entry for entry in path.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES)
        elif address.kind == "images":
            yield from ([path] if path.exists() else map(Path, glob.iglob(address.target, recursive=True)))
