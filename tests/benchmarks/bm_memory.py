"""Resident memory over 5,000 frames, which takes minutes: python tests/benchmarks/bm_memory.py"""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path

import av
import psutil
from metric import MEDIA, Metric, show

from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import Reader, open_source
from edge.wire.publisher import Publisher

CLIP = MEDIA / "balance_cam03.mp4"
WIDTH, HEIGHT = 320, 568  # decodes fast, and every stage still has its person
FIRST, LAST = 500, 5000
GROWTH_LIMIT_MB = 20.0


def measure() -> list[Metric]:
    """RSS once everything is warm, at the end, and the growth between; pipeline and publisher as in a run."""
    process = psutil.Process()
    rss_mb: dict[int, float] = {}
    people = 0
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "small.mp4"
        shrink(CLIP, clip)
        pipeline = Pipeline(Models(), CameraConfig())
        with (
            Reader(open_source(str(clip), loop=True)) as reader,
            Publisher("tcp://127.0.0.1:0", pipeline.model, streams=[reader.source.name]) as publisher,
        ):
            for count, frame in enumerate(islice(reader, LAST), start=1):
                bodies = pipeline.process(frame)
                publisher.publish(frame, bodies, pipeline.camera(frame))
                people += len(bodies)
                if count % FIRST == 0:
                    rss_mb[count] = process.memory_info().rss / 1e6
    return [
        Metric(f"memory: people in a frame, mean of {LAST}", people / LAST, ""),
        Metric(f"memory: RSS after {FIRST} frames", rss_mb[FIRST], "MB"),
        Metric(f"memory: RSS after {LAST} frames", rss_mb[LAST], "MB"),
        Metric(f"memory: highest RSS of {len(rss_mb)} looks", max(rss_mb.values()), "MB"),
        Metric(f"memory: growth from {FIRST} to {LAST} frames", rss_mb[LAST] - rss_mb[FIRST], "MB", GROWTH_LIMIT_MB),
    ]


def shrink(clip: Path, out: Path) -> None:
    """Encode the clip again, WIDTH x HEIGHT."""
    with av.open(str(clip)) as source, av.open(str(out), "w") as target:
        stream = target.add_stream("libx264", rate=source.streams.video[0].average_rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in source.decode(video=0):
            small = frame.reformat(WIDTH, HEIGHT, "yuv420p")
            target.mux(stream.encode(small))
        target.mux(stream.encode(None))


if __name__ == "__main__":
    show(measure())
