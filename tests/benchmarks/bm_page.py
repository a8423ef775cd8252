"""The page with ten people at 30 frames a second: python tests/benchmarks/bm_page.py

The page's own work for each drawn frame, in headless Chromium: decoding, interpolation and poses, without the drawing
itself, which a graphics card does and Chromium does here in software.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bm_wire import crowd, one_person
from metric import Metric, show

sys.path.insert(0, str(Path(__file__).parents[2]))

from edge.bridges.websocket.background import BackgroundBridge
from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.server import Bridge
from edge.bridges.websocket.static_files import BUNDLED_PAGE, StaticFiles
from edge.stages.inverse_kinematics import RigFitter
from edge.wire.previews import PreviewConfig
from edge.wire.publisher import Publisher
from tests.support.chromium import Chromium

RATE_HZ = 30
PEOPLE = 10
SECONDS = 20


def measure() -> list[Metric]:
    """Frames that the page receives in a second, and its work for each that it draws, at the level params."""
    frame, body, model, camera = one_person()
    people = crowd(body, PEOPLE)
    with ExitStack() as stack:
        publisher = stack.enter_context(
            Publisher("tcp://127.0.0.1:0", model, streams=[frame.stream], previews=PreviewConfig())
        )
        bridge = Bridge(publisher.address, Endpoint("127.0.0.1", 0), page=StaticFiles(BUNDLED_PAGE))
        page = stack.enter_context(BackgroundBridge(bridge))
        posed = RigFitter(model)(0.0, people)
        stop = threading.Event()

        def work() -> None:
            index, due = 0, time.monotonic()
            while not stop.is_set():
                now = replace(frame, index=index, t_capture_ns=time.monotonic_ns(), t_s=index / RATE_HZ)
                publisher.publish(now, people, camera, posed)
                index += 1
                due += 1 / RATE_HZ
                stop.wait(max(0.0, due - time.monotonic()))

        thread = threading.Thread(target=work)
        thread.start()
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        # Hardly any pixels: their number is the graphics card's concern.
        window = stack.enter_context(Chromium(Path(folder), (160, 120)))
        window.open(f"{page.link}/?bare=1&layers=mesh,trails")
        window.wait_for("globalThis.meshcast?.numbers.drawn > 5")
        before = counts(window)
        time.sleep(SECONDS)
        after = counts(window)
        stop.set()
        thread.join()
    received, drawn, script_s = (end - begin for begin, end in zip(before, after, strict=True))
    name = f"page, {PEOPLE} people, params"
    return [
        Metric(f"{name}: frames received a second (published: {RATE_HZ})", received / SECONDS, "1/s"),
        Metric(f"{name}: frames drawn a second, in software", drawn / SECONDS, "1/s"),
        Metric(f"{name}: work of the page for each drawn frame", 1e3 * script_s / max(1, drawn), "ms"),
    ]


def counts(window: Chromium) -> tuple[float, float, float]:
    """Received and drawn frames, and seconds of script, so far."""
    numbers = window.ask("meshcast.numbers")
    window.call("Performance.enable", timeDomain="threadTicks")  # processor time: others use the machine too
    metrics = {each["name"]: each["value"] for each in window.call("Performance.getMetrics")["metrics"]}
    return numbers["received"], numbers["drawn"], metrics["ScriptDuration"]


if __name__ == "__main__":
    show(measure())
