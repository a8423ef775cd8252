"""The paths of a run's files, checked before any work."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edge.errors import OutputError
from edge.recording.file_series import Rotation, check_series
from edge.recording.stream_recorder import RecordConfig
from edge.runtime.outputs import StreamFiles
from edge.sinks.encoders import choose_encoder
from edge.sinks.npz import check_save_suffix
from edge.sinks.output_file import check_writable
from edge.sinks.overlay import VIDEO, check_overlay_suffix
from edge.sinks.rerun_target import RerunConfig
from edge.sources.uri import IMAGE_SUFFIXES, parse

FIELD = "{stream}"


def plan_outputs(streams: Sequence[str], files: StreamFiles, *, fused: str | None = None) -> list[StreamFiles]:
    """The files of each stream; {stream} in a path becomes the stream's name.

    fused: the stream that is fused of the others and has no images to draw on; a path of data without {stream} is for
    this one alone.

    Raises OutputError for an unknown suffix, for one path of several streams, and as choose_encoder for an encoder.
    """
    if files.save is not None:
        check_save_suffix(files.save)
        check_series("--save", files.save, ends=files.schedules.save.hours is not None)
    if files.record is not None:
        ends = files.rotation not in (None, Rotation()) or files.schedules.record.hours is not None
        check_series("--record", files.record.path, ends=ends)
    encoder = files.encoder
    if files.overlay is not None:
        check_overlay_suffix(files.overlay)
        if files.overlay.suffix.lower() == VIDEO:
            encoder = choose_encoder(encoder)
    drawn = [name for name in streams if name != fused]

    def record_of(name: str) -> RecordConfig | None:
        record = files.record
        if record is None or not _has_data(record.path, name, fused):
            return None
        return replace(record, path=_stream_path(record.path, name, streams if fused is None else ()))

    def save_of(name: str) -> Path | None:
        save = files.save
        if save is None or not _has_data(save, name, fused):
            return None
        return _stream_path(save, name, streams if fused is None else ())

    return [
        replace(
            files,
            save=save_of(name),
            overlay=_stream_path(files.overlay, name, drawn) if files.overlay is not None and name != fused else None,
            encoder=encoder,
            record=record_of(name),
            rerun=None if files.rerun is None or name == fused else _rerun(files.rerun, name, drawn),
            window=files.window and name != fused,
        )
        for name in streams
    ]


def check_outputs(outputs: Sequence[Path], sources: Sequence[str], others: Sequence[Path]) -> None:
    """Check that the outputs are distinct, can be written and are not inputs of the run. Raises OutputError.

    others: files that are read besides the sources.
    """
    taken: dict[Path, Path] = {}
    places = [(path, check_writable(path)) for path in outputs]
    read = {Path(os.path.realpath(path)) for path in (*_files(sources), *others)}
    for path, place in places:
        if place in taken:
            raise OutputError(f"{path}: two outputs have this path; give each output its own")
        if place in read:
            raise OutputError(f"{path}: is an input of this run and would be replaced; choose another path")
        taken[place] = path


def _has_data(path: Path, stream: str, fused: str | None) -> bool:
    """Whether a stream writes to a path of data."""
    return fused is None or stream == fused or FIELD in str(path)


def _rerun(config: RerunConfig, stream: str, streams: Sequence[str]) -> RerunConfig:
    return config if config.path is None else replace(config, target=str(_stream_path(config.path, stream, streams)))


def _stream_path(path: Path, stream: str, streams: Sequence[str]) -> Path:
    if len(streams) > 1 and FIELD not in str(path):
        raise OutputError(f"{path}: several sources need a path for each, for example {FIELD}{path.suffix}")
    return Path(str(path).replace(FIELD, stream))


def _files(sources: Sequence[str]) -> Iterator[Path]:
    """The files of the sources."""
    for uri in sources:
        address = parse(uri)
        path = Path(address.target)
        if address.kind == "video":
            yield path
        elif address.kind == "images" and path.is_dir():
            yield from (entry for entry in path.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES)
        elif address.kind == "images":
            yield from ([path] if path.exists() else map(Path, glob.iglob(address.target, recursive=True)))
