"""Rendered training images per core second: python tests/benchmarks/bm_rendered.py [SIZE ...]"""

from __future__ import annotations

import sys
import time

from engines.body.body import open_body
from engines.training.poses import load_poses
from engines.training.rendered.config import RenderConfig
from engines.training.rendered.people import RenderedPeople

COUNT = 100


def images_per_core_second(size: int) -> float:
    """CPU time, user and system, of COUNT samples after a first one."""
    people = RenderedPeople(open_body(), load_poses(("sample",)), RenderConfig(size=size))
    people[0]
    began = time.process_time()
    for number in range(1, COUNT + 1):
        people[number]
    return COUNT / (time.process_time() - began)


if __name__ == "__main__":
    for size in map(int, sys.argv[1:] or ("112", "224")):
        print(f"{size} px: {images_per_core_second(size):6.1f} images per core second")
