"""All benchmarks: prints a table and writes the metrics as JSON. `make bench` runs it; see README.md here."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from metric import Metric, header, note, row

NAMES = (
    "accuracy",
    "bodies",
    "pipeline",
    "engines",
    "int8",
    "networks",
    "wire",
    "profiling",
    "start",
    "ell_matmul",
    "graph_conv",
    "rasterize",
    "crop",
    "heatmap",
    "skinning",
    "fit_rotations",
    "refine_pose",
    "memory",
    "stall",
    "page",
    "tracking",
    "room",
)
LONG = ("memory", "stall", "page", "tracking", "room")
QUIET_LOAD = 0.5


def main() -> int:
    """Run what the command line asks for; 1 when a benchmark failed, which never stops the others."""
    parser = argparse.ArgumentParser(description="Run the benchmarks of this folder.")
    parser.add_argument("--output", type=Path, metavar="OUT.json", help="write the metrics")
    parser.add_argument("--only", choices=NAMES, action="append", metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--long", action="store_true", help=f"also those that take minutes: {', '.join(LONG)}")
    args = parser.parse_args()
    if args.output is not None and not args.output.parent.is_dir():
        parser.error(f"{args.output}: there is no such folder")
    chosen = args.only or [name for name in NAMES if args.long or name not in LONG]

    print("\n".join(conditions()), header(), sep="\n", flush=True)
    metrics: list[Metric] = []
    broken = []
    for name in chosen:
        # A process each: no benchmark finds the threads, caches and memory that another one left.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                new = pool.submit(metrics_of, name).result()
            except Exception:
                traceback.print_exc()
                broken.append(name)
                continue
        print(*(row(metric) for metric in new), sep="\n", flush=True)
        metrics += new
    if args.output is not None:
        args.output.write_text(json.dumps([metric.entry() for metric in metrics], indent=2, allow_nan=False) + "\n")
        note(f"wrote {args.output}")
    if broken:
        note(f"error: failed benchmarks: {', '.join(broken)}")
    return 1 if broken else 0


def metrics_of(name: str) -> list[Metric]:
    """The metrics of one bm_*.py; the kernels' return names and milliseconds only."""
    measured = import_module(f"bm_{name}").measure()
    return [entry if isinstance(entry, Metric) else Metric(entry[0], entry[1], "ms") for entry in measured]


def conditions() -> list[str]:
    """Machine, date and load, and a warning where the load makes times worthless."""
    load = os.getloadavg()[0]
    cores, python = len(os.sched_getaffinity(0)), platform.python_version()
    date = datetime.now().astimezone().isoformat(" ", "minutes")
    lines = [
        f"machine: {processor()}, {cores} cores, {platform.system()} {platform.machine()}, Python {python}",
        f"date: {date}, load average: {load:.2f}",
    ]
    if load > QUIET_LOAD:
        lines.append(f"warning: the load is above {QUIET_LOAD}: times and ratios of this run are not to be trusted")
    return lines


def processor() -> str:
    """What the kernel calls the processor; its architecture where it has no name."""
    try:
        entries = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        entries = []
    return next((entry.partition(":")[2].strip() for entry in entries if entry.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    sys.exit(main())
