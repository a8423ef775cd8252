"""A batch: which videos are still to do, tasks for the workers, and what becomes of their results."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from edge.batch.executor import (
    Advanced,
    Event,
    Executor,
    Failed,
    OnePart,
    SplitPlan,
    Step,
    Stitch,
    VideoResult,
    VideoTask,
    Whole,
)
from edge.batch.manifest import Manifest, Record, differences
from edge.batch.output_folder import OutputFolder, opened_folder
from edge.batch.output_store import OutputStore, opened_store
from edge.batch.progress import BatchProgress
from edge.batch.split_video import SplitVideo, parts_folder, remove_other_parts
from edge.batch.spool_folder import remove_left_spools
from edge.batch.task_files import OUTPUT
from edge.batch.video import Video
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, OutputError
from edge.runtime.signals import interruptible

ATTEMPTS = 3  # at a video
POLL_S = 0.5  # longest wait between two updates of the progress

OnProgress = Callable[[BatchProgress], None]


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """A batch.

    Attributes:
        out: folder of the outputs, or URL of a store.
        suffixes: of the outputs of a video.
        settings: of the processing, for the manifest; outputs with other settings are not mixed.
        redo: process all videos again, also with other settings.
    """

    out: Path | str
    suffixes: tuple[str, ...]
    settings: dict[str, Any]
    redo: bool = False


@dataclass(slots=True)
class BatchResult:
    """How a batch ended.

    Attributes:
        progress: counts.
        partial: videos of which a part was processed, with the reason.
        failed: videos without outputs, with the error.
        stopped: the error that ended the batch early, "" without one.
        interruption: what interrupted it.
        peak_rss_mb: the largest resident memory of each worker, MB.
    """

    progress: BatchProgress
    partial: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    interruption: KeyboardInterrupt | None = None
    peak_rss_mb: dict[str, float] = field(default_factory=dict)

    def exit_code(self, problems: int) -> int:
        """The exit code, see edge.errors. problems: number of sources that could not be read."""
        if not self.progress.done:
            return EXIT_INPUT
        incomplete = self.partial or self.failed or self.stopped or self.interruption or problems
        return EXIT_PARTIAL if incomplete else EXIT_WHOLE


def run_batch(
    videos: Sequence[Video],
    config: BatchConfig,
    make_executor: Callable[[int], Executor],
    on_progress: OnProgress = lambda progress: None,
) -> BatchResult:
    """Process the videos whose outputs are not there yet.

    A video that fails is tried again after the others, ATTEMPTS times altogether; its failure does not affect others. A
    fault of the output folder ends the batch. SIGINT, SIGTERM and SIGHUP end it at once; finished videos stay.

    Args:
        videos: with distinct names.
        config: output folder and settings.
        make_executor: makes the workers, given the number of videos to process; it is closed at the end.
        on_progress: called at least twice a second.

    Returns:
        Counts and failures.

    Raises:
        OutputError: the folder cannot be used, or has results of other settings or other videos.
        MeshcastError: the models cannot be loaded.
    """
    place = opened_store(config.out) if isinstance(config.out, str) else opened_folder(config.out)
    with interruptible() as interrupt, place as folder:
        manifest = folder.manifest()
        _check_settings(manifest, config, videos)
        for video in videos:
            _check_owned(video, manifest, folder, config)
        pending = [video for video in videos if config.redo or not _is_done(video, manifest, folder, config)]
        result = BatchResult(BatchProgress(pending, skipped=len(videos) - len(pending)))
        waiting = {video.name for video in pending}
        for video in videos:
            record = manifest.records.get(video.name)
            if video.name not in waiting and record is not None and record.state == "partial":
                result.partial[video.name] = _first_problem(record)
        if not pending:
            return result
        if isinstance(folder, OutputStore):
            _own(pending, manifest)
        manifest.begin(config.settings, [video.name for video in pending])
        try:
            executor = make_executor(len(pending))
            try:
                _Run(pending, folder, manifest, executor, result, config).work(interrupt.welcome, on_progress)
            finally:
                executor.close()
                remove_left_spools()
        except BaseException:
            with contextlib.suppress(OutputError):  # the first error is the cause
                manifest.close()
            raise
        try:
            manifest.close()
        except OutputError as error:
            result.stopped = result.stopped or str(error)
        return result


class _Run:
    """The videos that are waiting and those at work."""

    def __init__(
        self,
        pending: Sequence[Video],
        folder: OutputFolder | OutputStore,
        manifest: Manifest,
        executor: Executor,
        result: BatchResult,
        config: BatchConfig,
    ) -> None:
        self._waiting: deque[tuple[Video, Step]] = deque()
        self._running: dict[str, VideoTask] = {}
        self._attempts: dict[str, int] = {}
        self._split: dict[str, SplitVideo] = {}  # by name of the video
        self._folder, self._manifest, self._executor = folder, manifest, executor
        self._result, self._config = result, config
        self._resume(pending)

    def work(self, welcome: Callable[[], Any], on_progress: OnProgress) -> None:
        """Until all is done, the output folder fails, or the batch is interrupted."""
        try:
            while self._waiting or self._running:
                while self._waiting and self._executor.idle():
                    self._start(*self._waiting.popleft())
                with welcome():
                    events = self._executor.wait(POLL_S)
                for event in events:
                    self._handle(event)
                on_progress(self._result.progress)
        except KeyboardInterrupt as interruption:
            self._result.interruption = interruption
        except OutputError as error:
            self._result.stopped = str(error)

    def _resume(self, pending: Sequence[Video]) -> None:
        """Line up the videos; those that a batch before has split continue with their parts. Local files are split,
        whose outputs go to a folder: each part of an object would transfer the whole one."""
        folders = {video.name: self._parts_folder(video) for video in pending}
        if isinstance(self._folder, OutputFolder):
            remove_other_parts(self._folder.parts, (path for path in folders.values() if path is not None))
        for video in pending:
            folder = folders[video.name]
            known = None if folder is None or self._config.redo else SplitVideo.resume(video, folder)
            if known is not None:
                self._split[video.name] = known
                self._waiting.extend((video, step) for step in known.steps())
            else:
                self._waiting.append((video, Whole(splittable=folder is not None)))

    def _parts_folder(self, video: Video) -> Path | None:
        """Folder of a video's parts; None for a video that is not split."""
        if video.url or not isinstance(self._folder, OutputFolder):
            return None
        return parts_folder(self._folder.parts, video, self._config.settings)

    def _start(self, video: Video, step: Step) -> None:
        task = VideoTask(video, self._folder.task_folder(), isinstance(self._folder, OutputStore), step)
        self._attempts[task.key] = self._attempts.get(task.key, 0) + 1
        earlier = self._manifest.records.get(video.name)
        if earlier is not None:
            self._folder.remove_others(earlier, self._config.suffixes)
        self._manifest.add(self._record(video, state="started", details=self._parts_done(video)))
        self._running[task.key] = task
        self._executor.start(task)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Advanced):
            self._advance(self._running[event.key], event)
            return
        task = self._running.pop(event.key)
        name, split = task.video.name, self._split.get(task.video.name)
        if isinstance(task.step, OnePart) and (split is None or name in self._result.failed):
            pass  # of a video that was given up, or is processed as a whole
        elif isinstance(event, Failed):
            self._fail(task, event)
        elif isinstance(event.result, SplitPlan):
            folder = self._parts_folder(task.video)
            assert folder is not None
            made = self._split[name] = SplitVideo.begin(task.video, folder, event.result.parts)
            self._waiting.extendleft((task.video, step) for step in reversed(made.steps()))
        elif isinstance(task.step, OnePart):
            assert split is not None
            self._finish_part(task, task.step, split, event.result)
        else:
            self._finish(task, event.result)
        self._folder.remove_task(task.folder)

    def _advance(self, task: VideoTask, event: Advanced) -> None:
        split = self._split.get(task.video.name)
        if split is None or not isinstance(task.step, OnePart):
            if split is None or not isinstance(task.step, Stitch):
                self._result.progress.advanced(task.video.name, event.frames, event.total)
            return
        split.tell(task.step.number, event.frames)
        self._result.progress.advanced(task.video.name, split.frames, split.total)

    def _finish_part(self, task: VideoTask, step: OnePart, split: SplitVideo, done: VideoResult) -> None:
        """Keep a part. A part with problems has other frames than its packets tell: then the video is processed as a
        whole, since the frames after would have other numbers."""
        self._result.peak_rss_mb[done.worker] = max(done.peak_rss_mb, self._result.peak_rss_mb.get(done.worker, 0.0))
        if done.problems:
            split.remove()
            del self._split[task.video.name]
            self._drop_waiting(task.video)
            self._result.progress.attempt_ended(task.video.name)
            self._waiting.append((task.video, Whole()))
        elif split.finish(step.number, task.folder, done):
            self._waiting.extendleft((task.video, step) for step in split.steps())
        else:
            self._result.progress.advanced(task.video.name, split.frames, split.total)

    def _finish(self, task: VideoTask, done: VideoResult) -> None:
        video = task.video
        self._folder.publish(task.folder, video.name, done.files)
        split = self._split.pop(video.name, None)
        details = {
            "frames": done.frames,
            "frames_with_people": done.frames_with_people,
            "people": done.people,
            "wall_s": done.wall_s,
            "finished": _now(),
            "cpu_s": round(done.cpu_s + (0.0 if split is None else split.cpu_s), 3),
            "parts": 1 if split is None else len(split.parts),
            "worker": done.worker,
            "worker_peak_rss_mb": round(done.peak_rss_mb, 1),
            "models": done.models,
            "problems": list(done.problems),
        }
        state = "partial" if done.problems else "done"
        self._manifest.add(self._record(video, state=state, files=done.files, details=details))
        if split is not None:
            split.remove()
        self._result.progress.finished(video.name, done.frames)
        self._result.peak_rss_mb[done.worker] = max(done.peak_rss_mb, self._result.peak_rss_mb.get(done.worker, 0.0))
        if done.problems:
            self._result.partial[video.name] = done.problems[0]

    def _fail(self, task: VideoTask, event: Failed) -> None:
        if event.fatal:
            if task.spooled:
                raise OutputError(event.error)
            path = self._folder.output(task.video.name, "")
            raise OutputError(event.error.replace(str(task.folder / OUTPUT), str(path)))
        name, split = task.video.name, self._split.get(task.video.name)
        if isinstance(task.step, OnePart) and split is not None:
            split.advanced.pop(task.step.number, None)
        if self._attempts[task.key] < ATTEMPTS:
            if split is None:
                self._result.progress.attempt_ended(name)
            self._waiting.append((task.video, task.step))
            return
        error = event.error
        if isinstance(task.step, OnePart) and split is not None:
            error = f"part {task.step.number + 1} of {len(split.parts)}: {error}"
        self._drop_waiting(task.video)
        details = {"error": error, "finished": _now(), **self._parts_done(task.video)}
        self._manifest.add(self._record(task.video, state="failed", details=details))
        self._result.progress.gave_up(name)
        self._result.failed[name] = error

    def _drop_waiting(self, video: Video) -> None:
        self._waiting = deque(entry for entry in self._waiting if entry[0] is not video)

    def _parts_done(self, video: Video) -> dict[str, Any]:
        split = self._split.get(video.name)
        return {} if split is None else {"parts": len(split.parts), "parts_done": len(split.done)}

    def _record(self, video: Video, **rest: Any) -> Record:
        return Record(
            name=video.name,
            source=video.source,
            source_size=video.size,
            source_mtime_ns=video.mtime_ns,
            attempts=max(count for key, count in self._attempts.items() if key.partition("\0")[0] == video.name),
            **rest,
        )


def _now() -> str:
    return datetime.fromtimestamp(time.time(), timezone.utc).isoformat(timespec="seconds")


def _first_problem(record: Record) -> str:
    problems = record.details.get("problems")
    return str(problems[0]) if isinstance(problems, list) and problems else "incomplete"


def _check_settings(manifest: Manifest, config: BatchConfig, videos: Sequence[Video]) -> None:
    """Raise OutputError if results of other settings would stay in the folder."""
    if manifest.settings is None:
        return
    differing = differences(manifest.settings, config.settings)
    others = sorted(set(manifest.records) - {video.name for video in videos})
    if differing and not config.redo:
        raise OutputError(
            f"{config.out}: has results of other settings ({differing[0]}); choose another --out, or add --redo to "
            "process all videos again"
        )
    if differing and others:
        raise OutputError(
            f"{config.out}: has results of {others[0]} with other settings ({differing[0]}); name that video too or "
            "choose another --out"
        )


def _check_owned(video: Video, manifest: Manifest, folder: OutputFolder | OutputStore, config: BatchConfig) -> None:
    """Raise OutputError if a file that is no result of this video would be replaced."""
    record = manifest.records.get(video.name)
    if record is None:
        for suffix in config.suffixes:
            if folder.exists(video.name, suffix):
                path = folder.output(video.name, suffix)
                raise OutputError(f"{path}: exists and is no result of a batch; move it or choose another --out")
    elif record.source != video.source and not _same(video, record):
        raise OutputError(
            f"{video.name}: {config.out} has the results of {record.source} under this name; rename {video.source} or "
            "choose another --out"
        )


def _own(pending: Sequence[Video], manifest: Manifest) -> None:
    """Note all videos as started before any output exists: workers upload outputs at once, the manifest follows later,
    and after a crash in between the outputs must be known as those of a batch."""
    for video in pending:
        manifest.records.setdefault(video.name, Record(video.name, "started", video.source, video.size, video.mtime_ns))


def _same(video: Video, record: Record) -> bool:
    """Whether a record is of this content, as far as size and time of change tell."""
    return (record.source_size, record.source_mtime_ns) == (video.size, video.mtime_ns)


def _is_done(video: Video, manifest: Manifest, folder: OutputFolder | OutputStore, config: BatchConfig) -> bool:
    record = manifest.records.get(video.name)
    if record is None or record.state not in ("done", "partial") or not _same(video, record):
        return False
    return folder.intact(record, config.suffixes)
