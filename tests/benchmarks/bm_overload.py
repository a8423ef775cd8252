"""Four live sources on a machine that cannot process all their frames: python tests/benchmarks/bm_overload.py

Three clips of 1088 x 1920 at 60 fps and one of pedestrians are paced in real time, as cameras would be. Printed for
each stream: results per second, latencies from capture to output, decoded frames. With --against TREE the same runs in
another working tree of this repository, interleaved.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from metric import MEDIA, Metric, show

CLIPS = ("balance_cam01.mp4", "balance_cam03.mp4", "balance_cam03.mp4", "pedestrians.mp4")
GOAL_FPS, GOAL_MS = 3.0, 500.0
HERE = """
import sys
from edge.cli.main import main
raise SystemExit(main(sys.argv[1:]))
"""
ROOT = Path(__file__).resolve().parents[2]
# An editable installation would import its own tree, wherever the process runs.
START = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if "ScikitBuild" not in type(finder).__name__]
from edge.cli.main import main
raise SystemExit(main(sys.argv[1:]))
"""


def run(tree: Path, sources: list[str], seconds: float) -> tuple[dict[str, dict], float]:
    """The report of each stream, and the processor time of the run, s."""
    folders = (tree, tree / "kernels", tree / "clients" / "python")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        start = START if tree != ROOT else HERE
        command = [sys.executable, "-c", start, "run", *sources]
        command += ["--pace", "realtime", "--loop", "--fov", "60", "--summary", str(report), "--quiet"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(command, cwd=tree, env=environment if tree != ROOT else None)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return json.loads(report.read_text(encoding="utf-8"))["streams"], cpu_s


def metrics(title: str, streams: dict[str, dict], cpu_s: float) -> list[Metric]:
    found = []
    for name, stream in streams.items():
        who = f"{title}, {name}"
        found += [
            Metric(f"{who}: results", stream["fps"], "fps", GOAL_FPS),
            Metric(f"{who}: latency, p50", stream["latency_ms"].get("p50", float("nan")), "ms", GOAL_MS),
            Metric(f"{who}: latency, p95", stream["latency_ms"].get("p95", float("nan")), "ms"),
            Metric(f"{who}: decoded", stream["captured_frames"] / stream["wall_s"], "fps"),
        ]
    frames = sum(stream["frames"] for stream in streams.values())
    wall_s = max(stream["wall_s"] for stream in streams.values())
    found.append(Metric(f"{title}: processor time of a result", 1e3 * cpu_s / max(frames, 1), "ms"))
    found.append(Metric(f"{title}: processors used", cpu_s / wall_s, ""))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="*", help="four sources (default: clips of the tests)")
    parser.add_argument("--seconds", type=float, default=25.0, help="of one run, with its start")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--against", type=Path, help="another working tree")
    options = parser.parse_args()
    sources = options.sources or [str(MEDIA / clip) for clip in CLIPS]
    for _ in range(options.rounds):
        for tree in (options.against, ROOT):
            if tree is not None:
                title = "this tree" if tree == ROOT else "other tree"
                show(metrics(title, *run(tree.resolve(), sources, options.seconds)))


if __name__ == "__main__":
    main()
