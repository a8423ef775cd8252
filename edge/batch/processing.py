"""One video of a batch: the models of the worker, a run of `edge.run`, and the hashes of its outputs."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from edge.batch.executor import OnePart, OnFrames, Process, SplitPlan, Stitch, VideoResult, VideoTask
from edge.batch.part_file import SUFFIX, PartWriter
from edge.batch.stitch import stitch
from edge.batch.task_files import OUTPUT, hashed, sha256_of
from edge.errors import OutputError
from edge.models import LoadedModels, Models, second_pose_card
from edge.pipeline import CameraConfig
from edge.recording.export.columns import check_columns, write_columns
from edge.recording.mcap_file import Recording
from edge.recording.stream_recorder import RecordConfig
from edge.run import run
from edge.run_config import OutputConfig, PlaybackConfig, RunConfig, SourceConfig
from edge.sinks.output_file import OutputFile
from edge.sources.video_part import VideoPart, plan_parts
from edge.stages.config import PipelineConfig
from edge.stages.tracker_config import IdentityConfig
from edge.text import json_bytes
from engines.body.select import digest
from engines.cards.card import Card, load_card
from engines.heads.registry import body_for

FORMATS = ("mcap", "npz", "parquet")  # of the results of a video
SUMMARY = ".json"
# Decoded before each part. People who are gone for 10 s are forgotten: after twice that time, the tracker of a part
# knows all people that the one of the whole video knows.
OVERLAP_S = 2 * IdentityConfig().max_lost_s


@dataclass(frozen=True, slots=True)
class Processing:
    """How all videos of a batch are processed.

    Attributes:
        formats: of the results, of FORMATS.
        levels: of the recordings, and of the tables made of them.
        axes: of the recordings.
        models: which models run, and on what.
        camera: of all videos.
        pipeline: settings of the stages.
        playback: how a video is read.
        split_s: length of the parts into which long videos are split, s; None: they are not.
        overlap_s: what is processed before each part, s.
    """

    formats: tuple[str, ...] = ("mcap",)
    levels: tuple[str, ...] = ("params", "joints")
    axes: str = "opencv"
    models: Models = field(default_factory=Models)
    camera: CameraConfig = field(default_factory=CameraConfig)
    pipeline: PipelineConfig = field(default_factory=PipelineConfig)
    playback: PlaybackConfig = field(default_factory=PlaybackConfig)
    split_s: float | None = None
    overlap_s: float = OVERLAP_S

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of the outputs of a video, the summary last."""
        return (*(f".{form}" for form in self.formats), SUMMARY)

    def load(self) -> Process:
        """Load the models in a worker. Raises MeshcastError."""
        if "parquet" in self.formats:
            check_columns()
        return _Processor(self, LoadedModels(self.models))

    def run_config(self, task: VideoTask) -> RunConfig:
        """The run of one video. Raises UsageError for unknown levels."""
        record, save = None, None
        if not {"mcap", "parquet"}.isdisjoint(self.formats):
            record = RecordConfig(task.folder / f"{OUTPUT}.mcap", self.levels, self.axes)
        if "npz" in self.formats:
            save = task.folder / f"{OUTPUT}.npz"
        return self._run_config(task, OutputConfig(save=save, record=record), None)

    def part_config(self, task: VideoTask, step: OnePart) -> RunConfig:
        """The run of one part of a video."""
        surface = "npz" in self.formats or not {"mesh", "mesh-lod"}.isdisjoint(self.levels)
        path = task.folder / f"{OUTPUT}{SUFFIX}"
        outputs = OutputConfig(make_sink=partial(PartWriter, path, begin=step.part.begin, surface=surface))
        return self._run_config(task, outputs, step.part)

    def _run_config(self, task: VideoTask, outputs: OutputConfig, part: VideoPart | None) -> RunConfig:
        limit = self.playback.max_frames if part is None else None
        playback = replace(self.playback, pace="fast", max_frames=limit, part=part)
        return RunConfig(
            sources=SourceConfig((str(task.video.path),), playback=(playback,)),
            models=self.models,
            cameras=(self.camera,),
            pipeline=self.pipeline,
            outputs=outputs,
            quiet=True,
        )


class _Processor:
    """Processes the videos of a worker, one after the other."""

    def __init__(self, config: Processing, models: LoadedModels) -> None:
        self._config, self._models = config, models

    def __call__(self, task: VideoTask, on_frames: OnFrames) -> VideoResult | SplitPlan:
        cpu_s = time.process_time()
        suffixes = self._config.suffixes
        if isinstance(task.step, OnePart):
            suffixes = SUFFIX, SUMMARY
            report = self._run(self._config.part_config(task, task.step), on_frames)
        elif isinstance(task.step, Stitch):
            report = stitch(self._config, self._models, task, task.step, on_frames)
        else:
            plan = self._plan(task) if task.step.splittable else ()
            if plan:
                return SplitPlan(plan)
            report = self._run(self._config.run_config(task), on_frames)
        if "parquet" in self._config.formats and not isinstance(task.step, OnePart):
            self._write_columns(task)
        OutputFile(task.folder / f"{OUTPUT}{SUMMARY}").write(json_bytes(report))
        return VideoResult(
            files=tuple(hashed(task.folder, suffix) for suffix in suffixes),
            frames=report["frames"],
            frames_with_people=report["frames_with_people"],
            people=len(report["ids"]),
            wall_s=report["wall_s"],
            models={role: asdict(use) for role, use in self._models.uses.items()},
            problems=tuple(report["problems"]),
            worker=worker_name(),
            cpu_s=time.process_time() - cpu_s,
            peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        )

    def _run(self, config: RunConfig, on_frames: OnFrames) -> dict[str, Any]:
        """Returns the report. Raises OutputError when a file could not be written."""
        result = run(config, models=self._models, on_progress=on_frames)
        failed = [problem for problem in result.report["problems"] if problem in result.logged]
        if failed:
            raise OutputError(failed[0].partition("; ")[0])  # what is kept of the file is removed with the task
        return result.report

    def _plan(self, task: VideoTask) -> tuple[VideoPart, ...]:
        """The parts of a long video; empty where it is processed as a whole. Previews need the images."""
        config = self._config
        if config.split_s is None or "preview" in config.levels or config.playback.fps is not None:
            return ()
        return plan_parts(task.video.path, config.split_s, config.overlap_s, config.playback.max_frames)

    def _write_columns(self, task: VideoTask) -> None:
        """Make the table of the recording, which is removed where only the table is wanted."""
        recording = task.folder / f"{OUTPUT}.mcap"
        levels = self._config.levels
        surface = "mesh" in levels or "mesh-lod" in levels
        write_columns(recording.with_suffix(".parquet"), Recording(recording), surface=surface)
        if "mcap" not in self._config.formats:
            recording.unlink()


def worker_name() -> str:
    """Machine and process."""
    return f"{platform.node()}:{os.getpid()}"


def describe_models(models: Models) -> dict[str, Any]:
    """The models by role with the hashes of their files, for the manifest.

    Raises:
        MeshcastError: a model does not exist or cannot be used.
    """
    cards = {task: load_card(getattr(models, task), task) for task in ("detector", "pose", "mesh")}
    second = second_pose_card(models, cards["pose"])
    described = {role: _described(card) for role, card in cards.items()}
    if second is not None:
        described["second_pose"] = _described(second)
    body = body_for(cards["mesh"], models.body)
    if body is not None:
        described["body"] = {"name": body.name, "sha256": digest(body)}
    return described


def _described(card: Card) -> Mapping[str, Any]:
    """Name, and SHA-256 of card and weights. Raises OSError."""
    files = {variant.precision: variant.sha256 or sha256_of(variant.file) for variant in card.variants}
    return {"name": card.name, "card": sha256_of(card.path), **files}
