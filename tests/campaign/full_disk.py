"""A disk that gets full while a run saves: publishing goes on, what was written stays, and the exit code says so.

The limit is one on the size of files, which fails as a full disk does and needs no rights.
"""

from __future__ import annotations

import resource
import time
from functools import partial

from tests.campaign.harness import LIVE, Row, at_least, at_most, published, scaled

FILE_BYTES = 300 << 10
COUNT = 4
LATER_S = 15.0
PARTIAL = 3
OUTPUTS = {"save": ("--save", "a.npz"), "overlay": ("--overlay", "a.mp4"), "trace": ("--trace", "a.json")}


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


def run(scale: float) -> list[Row]:
    rows: list[Row] = []
    for name, options in list(OUTPUTS.items())[: scaled(COUNT, scale)]:
        with published(LIVE, *options, limits=partial(_limited)) as (child, listener, folder):
            time.sleep(max(5.0, LATER_S * min(1.0, scale)))
            came = listener.next_within(5.0)
            code = child.end() if child.alive else child.process.returncode
            left = sum(path.stat().st_size for path in folder.iterdir() if not path.name.startswith("run-"))
            problems = [line for line in child.said().splitlines() if line.startswith("meshcast")]
            rows += [
                at_least(f"{name}: frames come afterwards", came, 1),
                Row(f"{name}: exit code", str(code), f"== {PARTIAL}", code == PARTIAL),
                at_least(f"{name}: lines that say so", len(problems), 1),
                at_most(f"{name}: tracebacks", child.said().count("Traceback"), 0),
                # What is saved is put together in a file of its own, for which a limit on each file leaves no room.
                Row(f"{name}: bytes kept", str(left), "", True) if name == "save" else at_least("bytes kept", left, 1),
            ]
    return rows
