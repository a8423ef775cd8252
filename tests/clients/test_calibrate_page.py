"""The page that guides a calibration, in a real browser."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from calibration.guidance import steps
from edge.bridges.websocket.background import BackgroundBridge
from edge.bridges.websocket.calibration_page import PAGE, CalibrationPage
from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.server import Bridge
from edge.bridges.websocket.static_files import StaticFiles
from tests.support import chromium
from tests.support.board_views import SIZE, camera, views

browser = pytest.mark.skipif(chromium.CHROMIUM is None, reason="Chromium is not installed")
IMAGE = np.full((SIZE[1], SIZE[0], 3), 60, np.uint8)
GREEN = (138, 191, 107)  # BGR of the corners that are found


@browser
def test_calibrate_page_shows_the_board_guides_and_finishes(tmp_path: Path) -> None:
    ended = threading.Event()
    server = CalibrationPage((7, 5), ended.set)
    kept = views(camera(), 3)
    values = {
        "verdict": "known",
        "advice": "move the board to the top left of the image",
        "steps": [[step.text, step.region, step.away, step.done] for step in steps(kept, SIZE)],
        "coverage": 0.25,
        "rms": 0.21,
        "focal": [520.4, 6.2],
        "ready": True,
        "problem": "",
    }
    bridge = Bridge(None, Endpoint("127.0.0.1", 0), page=StaticFiles(PAGE), resources=[server])
    with BackgroundBridge(bridge) as made, chromium.Chromium(tmp_path, (1000, 640)) as window:
        window.open(made.link)
        window.wait_for("globalThis.meshcast?.numbers.state == 'connecting'")
        server.show(IMAGE, kept[0], kept, values)
        window.wait_for("meshcast.numbers.views == 3")
        assert window.ask("document.getElementById('rms').textContent") == "0.21 px"
        assert window.ask("document.getElementById('advice').textContent") == values["advice"]
        left, top, width, height = window.ask(
            "(({left, top, width, height}) => [left, top, width, height])(view.getBoundingClientRect())"
        )
        shown = window.image().astype(int)
        for x, y in (kept[0].corners + 0.5) / SIZE:
            pixel = shown[int(top + y * height), int(left + x * width)]
            assert np.abs(pixel - GREEN).max() < 40
        window.ask("document.getElementById('mirror').click()")
        server.show(IMAGE, kept[0], kept, values)
        window.wait_for("document.getElementById('advice').textContent.includes('top right')")
        window.ask("document.getElementById('finish').click()")
        assert ended.wait(chromium.PATIENCE_S)
        server.finish(["wrote camera.toml"], np.full((60, 80, 3), 200, np.uint8))
        window.wait_for("meshcast.numbers.state == 'finished'")
        assert window.ask("document.getElementById('result').textContent") == "wrote camera.toml"
        assert server.told.is_set()
        assert not window.errors
