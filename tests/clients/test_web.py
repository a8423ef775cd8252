"""The reader for browsers: its own tests under Node, and its page in a real browser, a live publisher behind it."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from edge.bridges.websocket.static_files import BUNDLED_PAGE
from edge.recording.mcap_file import Recording
from edge.recording.recorder import record
from edge.recording.replay import Replay
from edge.stages.inverse_kinematics import RigFitter
from edge.types import F32, Bodies, BodyModel, Frame
from edge.wire.publisher import Publisher
from edge.wire.publisher_socket import PublisherSocket
from engines.body.body import open_body
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from engines.joint_sets import SMPL24
from meshcast.protocol.rotations import rotmat
from tests.support import chromium
from tests.support.paths import ROOT, WIRE

WEB = ROOT / "clients/web"
NODE = shutil.which("node")

node = pytest.mark.skipif(NODE is None, reason="node is not installed")
modules = pytest.mark.skipif(
    not (WEB / "node_modules/esbuild").exists(), reason="no node modules; run `npm ci --prefix clients/web`"
)
browser = pytest.mark.skipif(chromium.CHROMIUM is None, reason="Chromium is not installed")

SIZE = (960, 640)
CAMERA = Camera(SIZE, np.array([[800.0, 0, 479.5], [0, 800.0, 319.5], [0, 0, 1]]), np.zeros(5))
PERIOD_S = 0.1
BODY = open_body()
COMMAND = "import sys; from edge.cli.main import main; sys.exit(main())"


def run(*words: str | Path) -> str:
    assert NODE is not None
    done = subprocess.run([NODE, *words], cwd=WEB, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    return done.stdout


@node
@modules
def test_typescript_tests_pass_under_node() -> None:
    run("build.mjs", "test")
    told = run("--test", "--test-reporter=tap", *sorted((WEB / "build/test").glob("*.test.js")))
    passed = re.search(r"^# pass (\d+)$", told, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) >= 150
    for name in (WIRE).glob("*.bin"):
        assert re.search(rf"^ok \d+ - .*{re.escape(name.name)}", told, re.MULTILINE), name


@node
@modules
def test_typescript_types_check() -> None:
    run("node_modules/typescript/bin/tsc", "--noEmit")


@node
@modules
def test_bundled_page_equals_a_build_of_its_sources(tmp_path: Path) -> None:
    run("build.mjs", "page", tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in BUNDLED_PAGE.iterdir())
    _, differing, errors = filecmp.cmpfiles(tmp_path, BUNDLED_PAGE, names, shallow=False)
    assert not differing + errors, "build it again: `npm run page --prefix clients/web`"


def test_bundled_page_names_its_license() -> None:
    assert "Three.js Authors\n   * SPDX-License-Identifier: MIT" in (BUNDLED_PAGE / "page.js").read_text("utf-8")


def test_package_lock_names_no_registry() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()


def person(identity: int, place: tuple[float, float, float]) -> Bodies:
    """One person who lifts the left arm, upright in the camera's frame, m."""
    rotvecs = np.zeros((1, len(BODY.parents), 3), np.float32)
    rotvecs[0, 0] = np.pi, 0, 0
    rotvecs[0, 16] = 0.3, 0.2, 0.9
    rotvecs[0, 17] = 0, 0, 1.1
    rotvecs[0, 4] = 0.5, 0, 0
    vertices, joints = BODY.skin(rotmat(rotvecs), np.zeros((1, BODY.shape_dirs.shape[2]), np.float32))
    moved = np.float32(place) - joints[:, :1]
    return Bodies(
        ids=np.array([identity], np.int32),
        scores=np.ones(1, np.float32),
        keypoints=np.zeros((1, 2, 3), np.float32),
        joints=joints + moved,
        vertices=vertices + moved,
        translation=np.float32([place]),
    )


def body_model() -> BodyModel:
    return BodyModel(
        BODY.name,
        BODY.faces,
        BODY.v_template,
        BODY.parents,
        SMPL24.joint_names,
        ("nose", "left_eye"),
        rig=rig_of(BODY),
        uv=None,
        lod=lod_of(BODY),
    )


class Show:
    """A publisher at work: each stream's people, again and again, until a person changes them."""

    def __init__(self) -> None:
        self.people = {"cam0": person(0, (0.25, 0.1, 4.0)), "cam1": person(9, (-0.4, 0.1, 4.0))}
        self.model = body_model()
        self.publisher = Publisher("tcp://127.0.0.1:0", self.model, streams=list(self.people))
        self.frames = 0
        self._fitters = {stream: RigFitter(self.model) for stream in self.people}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        while not self._done.wait(PERIOD_S):
            for stream, bodies in list(self.people.items()):
                now_ns = time.monotonic_ns()
                frame = Frame(stream, self.frames, now_ns, now_ns / 1e9, image)
                rig_pose = self._fitters[stream](frame.t_s, bodies)
                self.publisher.publish(frame, bodies, CAMERA, rig_pose)
            self.frames += 1

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
        self.publisher.close()


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    made = Show()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def url(show: Show) -> Iterator[str]:
    with bridged(show.publisher.address) as link:
        yield link


@contextmanager
def bridged(address: str, *options: str | Path) -> Iterator[str]:
    """The link that `meshcast bridge websocket` shows."""
    words = ["bridge", "websocket", address, "--listen", "127.0.0.1:0", *map(str, options)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words], stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+[^,\s]*", line)
        try:
            assert found is not None, line + process.stderr.read()
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium.Chromium(tmp_path_factory.mktemp("chromium"), SIZE) as made:
        yield made


@contextmanager
def replaying(recording: Path) -> Iterator[str]:
    """The recording again and again, from a thread."""
    done = threading.Event()
    with closing(PublisherSocket("tcp://127.0.0.1:0")) as publisher_socket:
        replay = Replay(Recording(recording), publisher_socket, should_stop=done.is_set)
        thread = threading.Thread(target=replay.play, kwargs={"loop": True})
        thread.start()
        try:
            yield publisher_socket.address
        finally:
            done.set()
            thread.join()


def gltf(vertices: F32) -> F32:
    return vertices * np.float32([1, -1, -1])


def drawn_vertices(window: Any, identity: int) -> F32:
    return np.float32(window.ask(f"meshcast.vertices({identity})")).reshape(-1, 3)


def clay(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Where something has the warm color of person 0: everything else on the page is neutral or bluish."""
    below_numbers = slice(80, 560)
    mask = np.zeros(image.shape[:2], bool)
    blue, red = image[below_numbers, :, 0].astype(int), image[below_numbers, :, 2].astype(int)
    mask[below_numbers] = red - blue > 12
    return mask


def silhouette(vertices: F32) -> np.ndarray[Any, Any]:
    corners = CAMERA.project(vertices)[BODY.faces]
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for triangle in np.round(corners).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, 1)
    mask[:80], mask[560:] = 0, 0
    return mask.astype(bool)


@browser
@pytest.mark.parametrize(("level", "limit_m"), [("mesh", 5e-5), ("mesh-lod", 5e-5), ("params", 5e-3)])
def test_page_draws_the_published_body(
    show: Show, url: str, window: Any, tmp_path: Path, level: str, limit_m: float
) -> None:
    window.errors.clear()
    window.open(f"{url}/?level={level}&view=camera&stream=cam0")
    window.wait_for("globalThis.meshcast?.numbers.drawn > 1 && meshcast.numbers.received > 3")
    published = show.people["cam0"].vertices[0]
    expected = published[show.model.lod.vertices] if level == "mesh-lod" and show.model.lod else published
    np.testing.assert_allclose(drawn_vertices(window, 0), gltf(expected), atol=limit_m)
    image = window.image()
    cv2.imwrite(str(tmp_path / f"{level}.png"), image)
    found, wanted = clay(image), silhouette(published)
    assert wanted.sum() > 8000
    overlap = (found & wanted).sum() / (found | wanted).sum()
    assert overlap > 0.9, f"{overlap:.3f} of the silhouette; see {tmp_path}"
    assert window.errors == []


@browser
def test_page_unseen_legs_are_hidden_faint_or_shown(show: Show, url: str, window: Any) -> None:
    seen = show.people["cam0"]
    legs = [index for index, name in enumerate(show.model.joint_names) if re.search("hip|knee|ankle|foot", name)]
    visibility = np.ones((1, len(show.model.joint_names)), np.float32)
    visibility[:, legs] = 0
    show.people["cam0"] = replace(seen, visibility=visibility)
    window.errors.clear()
    try:
        images = {}
        window.open(f"{url}/?view=camera&stream=cam0&unseen=show")
        window.wait_for("globalThis.meshcast?.numbers.drawn > 1 && meshcast.numbers.received > 3")
        for mode in ("show", "fade", "hide"):
            drawn = window.ask("meshcast.numbers.drawn")
            window.ask(f"document.querySelector('[name=unseen][value={mode}]').click()")
            window.wait_for(f"meshcast.numbers.drawn > {drawn + 1}")
            images[mode] = window.image()
    finally:
        show.people["cam0"] = seen
    shown, faint, hidden = (int(clay(image).sum()) for image in images.values())
    assert max(faint, hidden) < 0.8 * shown
    faint_legs = np.abs(images["fade"].astype(int) - images["hide"]).max(2) > 8
    assert faint_legs[80:560].sum() > 0.5 * (shown - hidden)
    assert window.errors == []


@browser
def test_page_counts_received_packets(show: Show, url: str, window: Any) -> None:
    window.open(f"{url}/?level=params&stream=cam0")
    began = show.frames
    window.wait_for("globalThis.meshcast?.numbers.fps", lambda fps: fps and 0.3 / PERIOD_S < fps < 2 / PERIOD_S)
    numbers = window.ask("meshcast.numbers")
    assert (numbers["stream"], numbers["level"], numbers["state"]) == ("cam0", "params", "live")
    assert numbers["people"] == [0]
    assert 2 <= numbers["received"] + numbers["lost"] <= show.frames - began + 1
    assert numbers["seq"] < show.frames + 1
    assert window.ask("document.getElementById('people').textContent") == "1"
    window.wait_for("Number(document.getElementById('fps').textContent) > 0")
    assert window.ask("[...document.querySelectorAll('#labels span')].map((label) => label.textContent)") == ["0"]


def choose(window: Any, stream: str) -> None:
    select = "document.getElementById('stream')"
    window.ask(f"({select}.value = '{stream}', {select}.dispatchEvent(new Event('change')))")


@browser
def test_page_removes_people_selects_streams_and_shows_their_end(show: Show, url: str, window: Any) -> None:
    window.errors.clear()
    window.open(f"{url}/?level=mesh-lod")
    window.wait_for(
        "globalThis.meshcast?.numbers.people.length && document.getElementById('stream').options.length == 2"
    )
    choose(window, "cam1")
    window.wait_for("meshcast.numbers.people.join()", lambda people: people == "9")
    assert drawn_vertices(window, 0).size == 0
    show.people["cam1"] = person(10, (-0.4, 0.1, 4.0))
    window.wait_for("meshcast.numbers.people.join()", lambda people: people == "10")
    window.wait_for("meshcast.vertices(9).length", lambda numbers: numbers == 0)  # a person missing stays for a moment
    assert drawn_vertices(window, 10).shape[0] > 100
    del show.people["cam1"]
    window.wait_for("meshcast.numbers.state", lambda state: state == "idle")
    show.publisher.end("cam1", "the end of the show")
    window.wait_for("document.getElementById('state').textContent", lambda text: text == "ended: the end of the show")
    window.wait_for("meshcast.numbers.people.length", lambda people: people == 0)
    choose(window, "cam0")
    window.wait_for("meshcast.numbers.people.join()", lambda people: people == "0")
    assert window.errors == []


@browser
@pytest.mark.parametrize(("levels", "shown"), [(("params", "joints", "mesh"), "mesh"), (("joints",), "joints")])
def test_page_of_a_replayed_recording_shows_a_level_that_it_holds(
    show: Show, window: Any, tmp_path: Path, levels: tuple[str, ...], shown: str
) -> None:
    recording, token = tmp_path / "show.mcap", tmp_path / "token"
    record(show.publisher.address, recording, levels=levels, stream="cam0", count=12 * len(levels))
    with replaying(recording) as address, bridged(address, "--token-file", token) as link:
        window.errors.clear()
        window.open(link)
        window.wait_for("globalThis.meshcast?.numbers.people.join()", lambda people: people == "0")
        assert window.ask("meshcast.numbers.level") == shown
        assert window.ask("document.getElementById('message').textContent") == f"cam0 has no mesh-lod: {shown} is shown"
        assert window.ask("document.querySelector('[name=level]:checked').value") == shown
        assert token.read_text().strip() not in window.ask("location.href")
        if shown == "joints":
            joints = gltf(show.people["cam0"].joints[0])
            drawn = drawn_vertices(window, 0)
            for joint in joints:
                assert np.linalg.norm(drawn - joint, axis=1).min() < 1e-3
        assert window.errors == []
        window.open("about:blank")  # which ends its attempts to connect again


@browser
def test_page_without_the_token_of_a_bridge_shows_nothing(show: Show, window: Any, tmp_path: Path) -> None:
    with bridged(show.publisher.address, "--token-file", tmp_path / "token") as link:
        plain = link.partition("/#")[0]
        window.open(plain)
        window.wait_for(f"globalThis.meshcast && location.href.startsWith({plain!r})")
        window.wait_for("performance.getEntriesByType('navigation')[0].duration > 0 && meshcast.numbers.drawn >= 0")
        window.wait_for("meshcast.numbers.state", lambda state: state == "connecting")
        assert window.ask("meshcast.numbers.received") == 0
        window.open("about:blank")
        window.open(link)
        window.wait_for("globalThis.meshcast?.numbers.received > 0")
