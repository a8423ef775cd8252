"""The page with a room: people in the world, and the cameras of the rig with their latencies, in a real browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from edge.bridges.websocket.background import BackgroundBridge
from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.resources import About
from edge.bridges.websocket.server import Bridge
from edge.bridges.websocket.static_files import BUNDLED_PAGE, StaticFiles
from edge.room.alignment import Sample
from edge.room.fusion import RoomFusion
from edge.runtime.room_results import ROOM, ROOM_CAMERA, RoomResults
from edge.timing import Timings
from edge.wire.publisher import Publisher
from tests.support import chromium
from tests.support.rooms import Room, around, body_and_model, turned

browser = pytest.mark.skipif(chromium.CHROMIUM is None, reason="Chromium is not installed")
PERIOD_S = 0.1
SECONDS = 8  # of walking; the last moment stays
ORANGE = (58, 161, 229)  # BGR of a camera that was moved


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A room of three cameras and two people, the second camera turned, published again and again."""
    cameras = around(3)
    body, model = body_and_model()
    room = Room(cameras, 2)
    used = [cameras[0], turned(cameras[1], 4.0), cameras[2]]
    results = RoomResults(RoomFusion(body, model, used), Timings(), live=True, realtime=True)
    for index in range(SECONDS * 20):
        now_ns = time.monotonic_ns()
        views = [room.view(c, index / 20) for c in range(3)]
        for c, view in enumerate(views):
            assert view is not None
            results.add(c, Sample(index / 20, index, now_ns - c * 50_000_000, view))
        last = next(iter(results))
    done = threading.Event()
    with ExitStack() as cleanup:
        made = cleanup.enter_context(Publisher("tcp://127.0.0.1:0", model, streams=[ROOM]))
        made.describe(ROOM, results.stats)
        results.wants_rotations = lambda: True

        def work() -> None:
            rig_pose = results._rig_pose(last.frame, last.bodies)
            while not done.wait(PERIOD_S):
                made.publish(last.frame, last.bodies, ROOM_CAMERA, rig_pose)

        thread = threading.Thread(target=work)
        thread.start()
        cleanup.callback(thread.join)
        cleanup.callback(done.set)
        yield made


@browser
def test_page_shows_the_cameras_of_a_room_and_what_is_wrong_with_them(publisher: Publisher, tmp_path: Path) -> None:
    about = About({"mode": "live", "source": "room"})
    bridge = Bridge(publisher.address, Endpoint("127.0.0.1", 0), page=StaticFiles(BUNDLED_PAGE), resources=[about])
    with BackgroundBridge(bridge) as made, chromium.Chromium(tmp_path, (1100, 700)) as window:
        window.open(made.link)
        window.wait_for("globalThis.meshcast?.numbers.people.length", lambda count: count == 2)
        labels = "[...document.querySelectorAll('#cameras span')].map((label) => label.textContent)"
        shown = window.wait_for(labels, lambda texts: len(texts) == 3)
        assert [text.split(" · ")[0] for text in shown] == ["cam0", "cam1", "cam2"]
        assert all(text.split(" · ")[1].endswith(" ms") for text in shown)
        assert [text.endswith("moved") for text in shown] == [False, True, False]
        image = window.image().astype(int)
        assert (np.abs(image - ORANGE).max(-1) < 30).sum() > 100
        window.ask("document.querySelector('[name=layer][value=frustum]').click()")
        window.wait_for(labels, lambda texts: not texts)
        assert not window.errors
