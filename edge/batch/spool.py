"""Videos from and outputs to an object store: each worker keeps one video and its outputs in a local folder.

The folder is below the system's folder for temporary files (TMPDIR), and is removed after each video; what killed
workers leave is removed when a worker starts on the same machine.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edge.batch.executor import Load, OnFrames, Process, SplitPlan, VideoResult, VideoTask, Whole, WrittenFile
from edge.batch.spool_folder import remove_left_spools, spool_folder
from edge.batch.store import Store, StoreError
from edge.batch.task_files import OUTPUT
from edge.errors import OutputError, SourceError


@dataclass(frozen=True, slots=True)
class Spooled:
    """Loads a worker that fetches the videos of stores, and uploads the outputs if the place is one.

    Attributes:
        inner: loads the worker that processes local files.
        place: URL of the outputs; "" for a folder.
    """

    inner: Load
    place: str = ""

    def __call__(self) -> Process:
        """Load the models. Raises MeshcastError."""
        remove_left_spools()
        return _Worker(self.inner(), self.place)


class _Worker:
    def __init__(self, inner: Process, place: str) -> None:
        self._inner, self._place = inner, place
        self._stores: dict[str, Store] = {}

    def __call__(self, task: VideoTask, on_frames: OnFrames) -> VideoResult | SplitPlan:
        if not task.video.url and not self._place:
            return self._inner(task, on_frames)
        task = replace(task, step=Whole())
        with spool_folder() as spool:
            if task.video.url:
                task = replace(task, video=replace(task.video, path=self._fetched(task, spool)))
            if not self._place:
                return self._inner(task, on_frames)
            outputs = spool / "outputs"
            outputs.mkdir()
            task = replace(task, folder=outputs)
            result = self._inner(task, on_frames)
            assert isinstance(result, VideoResult)  # of a whole video
            return replace(result, files=tuple(self._uploaded(task, file) for file in result.files))

    def _fetched(self, task: VideoTask, spool: Path) -> Path:
        video = task.video
        path = spool / f"video{PurePosixPath(video.url).suffix}"
        if video.size > shutil.disk_usage(spool).free:
            raise OutputError(f"{spool.parent}: no room for {video.source}; set TMPDIR to a folder on a larger disk")
        try:
            self._store(video.url).fetch(video.url, path)
        except FileNotFoundError:
            raise SourceError(f"{video.source}: no such object") from None
        except StoreError as error:
            raise SourceError(str(error)) from None
        if path.stat().st_size != video.size:
            raise SourceError(f"{video.source}: has changed since the batch began")
        return path

    def _uploaded(self, task: VideoTask, file: WrittenFile) -> WrittenFile:
        url = f"{self._place}/{task.video.name}{file.suffix}"
        try:
            written = self._store(url).upload(task.folder / f"{OUTPUT}{file.suffix}", url)
        except FileNotFoundError:
            raise OutputError(f"{url}: no such bucket") from None
        except StoreError as error:
            raise OutputError(str(error)) from None
        return replace(file, etag=written.etag, mtime_ns=written.mtime_ns)

    def _store(self, url: str) -> Store:
        scheme = url.partition("://")[0]
        return self._stores.setdefault(scheme, Store(url)) if scheme not in self._stores else self._stores[scheme]
