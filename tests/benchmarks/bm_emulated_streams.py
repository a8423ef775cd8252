"""Three cameras on one emulated GPU against the CPU: python tests/benchmarks/bm_emulated_streams.py --frames 30

Each camera has its clip and its threads, as in a run; work on the emulated device runs late, now and then, or early.
The bodies should be those of the CPU, with no two accesses to memory that nothing orders. No measure of speed.
"""

from __future__ import annotations

import argparse
import sys
import threading
from itertools import islice
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from edge.gpu.models import gpu_models  # noqa: E402
from edge.gpu.pipeline import GpuPipeline  # noqa: E402
from edge.pipeline import CameraConfig, Pipeline  # noqa: E402
from edge.runtime.async_pipeline import AsyncPipeline  # noqa: E402
from edge.sources import open_source  # noqa: E402
from edge.types import Bodies  # noqa: E402
from tests.support.emulated.clips import differences  # noqa: E402
from tests.support.emulated.machine import emulated_models, install  # noqa: E402
from tests.support.emulated.runtime import Runtime  # noqa: E402

CLIPS = {name: str(ROOT / f"tests/media/{name}.mp4") for name in ("balance_cam01", "balance_cam03", "pedestrians")}


def on_gpu(runtime: Runtime, frames: int) -> dict[str, list[Bodies]]:
    """The bodies of each clip, all at the same time; prints what each frame asked of the device."""
    found: dict[str, list[Bodies]] = {}

    def stream(name: str, pipeline: GpuPipeline) -> None:
        with AsyncPipeline(open_source(CLIPS[name]), pipeline, limit=frames) as results:
            found[name] = [result.bodies for result in results]

    with pytest.MonkeyPatch.context() as patch:
        install(patch, runtime)
        gpu = gpu_models(emulated_models())
        assert gpu is not None
        pipelines = {name: GpuPipeline(gpu, CameraConfig()) for name in CLIPS}
        threads = [threading.Thread(target=stream, args=given) for given in pipelines.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name, pipeline in pipelines.items():
            print(f"  {name}: {pipeline.device_counts.per_frame(frames)}")
            pipeline.close()
        gpu.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=30)
    frames = parser.parse_args().frames
    expected = {}
    for name, clip in CLIPS.items():
        pipeline = Pipeline(emulated_models("cpu"), CameraConfig())
        expected[name] = [pipeline.process(frame) for frame in islice(open_source(clip), frames)]
    for seed, eagerness in enumerate((0.0, 0.3, 0.9)):
        runtime = Runtime(seed=seed, eagerness=eagerness)
        print(f"seed {seed}, eagerness {eagerness}")
        found = on_gpu(runtime, frames)
        worst = max(differences(found[name], expected[name]) for name in CLIPS)
        held, hazards = sum(runtime.used.values()), len(runtime.checker.hazards)
        print(f"  largest difference {worst:g} (m, px), {hazards} hazards, {held} bytes left")


if __name__ == "__main__":
    main()
