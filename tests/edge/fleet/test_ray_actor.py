"""The actor of a camera, without Ray."""

from __future__ import annotations

import subprocess
import sys

from tests.support.fleets import MODULE
from tests.support.paths import ROOT
from tests.support.proxies import PATIENCE_S

PROGRAM = f"""
import threading
from edge.fleet.events import Prepare
from edge.fleet.ray_actor import CameraActor
from edge.models import Models
actor = CameraActor("127.0.0.1", "{MODULE}", lease_s=0.2)
actor.start(Prepare(Models()))
print(actor._process.pid, flush=True)
threading.Event().wait()
"""


def test_actor_that_its_fleet_does_not_reach_ends_with_its_camera() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 1
    pid = int(done.stdout)
    assert subprocess.run(["kill", "-0", str(pid)], stderr=subprocess.DEVNULL, check=False).returncode != 0
