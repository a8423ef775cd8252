"""The pipeline on a GPU's streams: python tests/benchmarks/bm_streams.py --device cuda:0

Crowds at 1920 x 1080 from files, as fast as possible and at a camera's pace: latencies, rates, busy share of the GPU,
copies and waits of a frame, overlapped against serial execution, and against a pipeline of the same networks in eager
torch whose images and results pass through the host. Goals stand beside the figures.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from crowd import write_crowd
from metric import Metric, show

from edge.benchmark.measure import run_interleaved
from edge.benchmark.runners import AsyncRunner, SerialRunner
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig
from edge.run_config import RunConfig, SourceConfig

PACE_FPS = 30.0
P50_GOAL_MS, MESHES_GOAL, EAGER_GOAL, OVERLAP_GOAL = 5.0, 2000.0, 10.0, 1.5


class Eager:
    """A network in torch, one kernel after the other, with arrays of the host."""

    backend = "torch"

    def __init__(self, model: bytes, source: str, device: str) -> None:
        from engines.onnx_tools.to_torch import OnnxGraph

        self.device, self.precision = device, "fp32"
        self._graph, self._modules = OnnxGraph(model, source, device), {}

    def __call__(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        import torch

        shapes = tuple(x.shape for x in inputs)
        if shapes not in self._modules:
            self._modules[shapes] = self._graph.module(shapes)
        with torch.inference_mode():
            given = (torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(self.device) for x in inputs)
            return tuple(y.cpu().numpy() for y in self._modules[shapes](*given))


@contextmanager
def eager() -> Iterator[None]:
    """Models that are loaded meanwhile run in eager torch."""
    from engines.inference.onnx_model import checked_model

    def opened(card: Any, *, body: Any = None, device: str = "cpu", **options: Any) -> Eager:
        return Eager(checked_model(card, card.variant("fp32"), body), card.name, device)

    with mock.patch("edge.models.open_session", opened):
        yield


def measure(options: argparse.Namespace, people: int, clip: Path) -> list[Metric]:
    config = RunConfig(
        SourceConfig((str(clip),)), Models(device=options.device, backend=options.backend), (CameraConfig(fov_deg=60),)
    )
    models = LoadedModels(config.models)
    overlapped, serial = AsyncRunner(config, models), SerialRunner(config, models)
    run_interleaved((overlapped, serial), options.frames, options.warm_up, rounds=2)
    live = AsyncRunner(config, models, PACE_FPS)
    run_interleaved((live,), options.frames, options.warm_up, rounds=1)
    (fast,), (paced,) = (runner.report()["streams"].values() for runner in (overlapped, live))
    on_gpu = {name: times for name, times in fast["stages_ms"].items() if name.startswith("gpu ")}
    busy_ms = sum(times["mean"] * times["count"] for times in on_gpu.values())
    who, first = f"{people} people", people == 1
    found = [
        Metric(f"{who}: found in a frame, mean", overlapped.report()["people_per_frame"], ""),
        Metric(f"{who}: at {PACE_FPS:g} fps, capture to publish, p50", paced["latency_ms"]["p50"], "ms", P50_GOAL_MS)
        if first
        else Metric(f"{who}: at {PACE_FPS:g} fps, capture to publish, p50", paced["latency_ms"]["p50"], "ms"),
        Metric(f"{who}: the same, p99", paced["latency_ms"]["p99"], "ms"),
        Metric(f"{who}: frames per second of a file", overlapped.fps, "fps"),
        Metric(f"{who}: person-meshes per second", overlapped.people / overlapped.wall_s, "", MESHES_GOAL),
        Metric(f"{who}: overlapped against serial", overlapped.fps / serial.fps, "", OVERLAP_GOAL),
        Metric(f"{who}: GPU busy, of the time of a frame", busy_ms / 1e3 / overlapped.wall_s, ""),
        *(Metric(f"{who}: {name}, p50", times["p50"], "ms") for name, times in on_gpu.items()),
        *(
            Metric(f"{who}: {name.replace('_', ' ')} of a frame", value, "")
            for counts in live.device_per_frame.values()
            for name, value in counts.items()
        ),
    ]
    if options.eager:
        with eager():
            plain = SerialRunner(config, LoadedModels(config.models))
        run_interleaved((plain,), options.frames // 4, options.warm_up // 4 + 1, rounds=1)
        found.append(Metric(f"{who}: against eager torch", overlapped.fps / plain.fps, "", EAGER_GOAL))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--people", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--warm-up", type=int, default=30)
    parser.add_argument("--eager", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for people in options.people:
            show(measure(options, people, write_crowd(people, Path(folder) / f"{people}.mp4")))


if __name__ == "__main__":
    main()
