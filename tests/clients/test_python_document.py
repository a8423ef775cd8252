"""The examples in the Python client's document run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from edge.types import Frame
from edge.wire.publisher import Publisher
from tests.support import golden_packets
from tests.support.paths import ROOT

TEXT = (ROOT / "clients/python/README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["iterator", "asyncio"])
def test_readme_example_prints_published_frames(example: str) -> None:
    with Publisher("tcp://127.0.0.1:0", golden_packets.model(), streams=["cam0"]) as publisher:
        script = example.replace("tcp://127.0.0.1:5556", publisher.address)
        assert script != example
        printed = threading.Event()

        def publish() -> None:
            index = 0
            while not printed.wait(0.005):
                frame = Frame("cam0", index, time.monotonic_ns(), index / 30, np.zeros((4, 6, 3), np.uint8))
                publisher.publish(frame, golden_packets.bodies(1))
                index += 1

        thread = threading.Thread(target=publish)
        thread.start()
        try:
            with subprocess.Popen([sys.executable, "-u", "-c", script], stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                line = process.stdout.readline()
                process.kill()
        finally:
            printed.set()
            thread.join()
    assert line.startswith("cam0 ")
