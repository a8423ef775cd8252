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
from edge.bridges.websocket.background import BackgroundBridge
from edge.bridges.websocket.endpoint import Endpoint
from edge.bridges.websocket.library import Library
from edge.bridges.websocket.resources import About
from edge.bridges.websocket.server import Bridge
from edge.bridges.websocket.static_files import BUNDLED_PAGE, StaticFiles
from edge.recording.mcap_file import Recording
from edge.recording.mcap_index import RecordingIndex
from edge.recording.recorder import record
from edge.recording.replay import Replay
from edge.stages.inverse_kinematics import RigFitter
from edge.types import F32, Bodies, BodyModel, Frame
from edge.wire.previews import PreviewConfig
from edge.wire.publisher import Publisher
from edge.wire.publisher_socket import PublisherSocket
from engines.body.body import open_body
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from engines.joint_sets import SMPL24
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket
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
WIDE = Camera(
    SIZE, np.array([[600.0, 0, 470.0], [0, 605.0, 330.0], [0, 0, 1]]), np.array([-0.2, 0.03, 0.002, -0.001, 0])
)
BARE = "bare=1&layers=mesh"  # the bodies alone
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
    names, bundled = (
        sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        for folder in (tmp_path, BUNDLED_PAGE)
    )
    assert names == bundled
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
        self.people["wide"] = person(0, (1.15, 0.1, 3.2))
        self.model = body_model()
        self.publisher = Publisher(
            "tcp://127.0.0.1:0", self.model, streams=list(self.people), previews=PreviewConfig(fps=30, quality=95)
        )
        self.frames = 0
        self._fitters = {stream: RigFitter(self.model) for stream in self.people}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        blank = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        drawn = np.repeat(silhouette(self.people["wide"].vertices[0], WIDE)[..., None] * np.uint8(255), 3, 2)
        while not self._done.wait(PERIOD_S):
            for stream, bodies in list(self.people.items()):
                now_ns = time.monotonic_ns()
                image, camera = (drawn, WIDE) if stream == "wide" else (blank, CAMERA)
                frame = Frame(stream, self.frames, now_ns, now_ns / 1e9, image)
                rig_pose = self._fitters[stream](frame.t_s, bodies)
                self.publisher.publish(frame, bodies, camera, rig_pose)
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
    """Where something has the warm color of person 0: everything else of the bare page is neutral or bluish."""
    return image[..., 2].astype(int) - image[..., 0] > 5


def silhouette(vertices: F32, camera: Camera = CAMERA) -> np.ndarray[Any, Any]:
    corners = camera.project(vertices)[BODY.faces]
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for triangle in np.round(corners).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, 1)
    return mask.astype(bool)


@browser
@pytest.mark.parametrize(("level", "limit_m"), [("mesh", 5e-5), ("mesh-lod", 5e-5), ("params", 5e-3)])
def test_page_draws_the_published_body(
    show: Show, url: str, window: Any, tmp_path: Path, level: str, limit_m: float
) -> None:
    window.errors.clear()
    window.open(f"{url}/?level={level}&view=camera&stream=cam0&{BARE}")
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
        window.open(f"{url}/?view=camera&stream=cam0&unseen=show&{BARE}")
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
    assert faint_legs.sum() > 0.5 * (shown - hidden)
    assert window.errors == []


@browser
def test_page_camera_image_lies_behind_the_bodies(show: Show, url: str, window: Any, tmp_path: Path) -> None:
    """The lens of this camera bends its image; on the page it is straight, as the bodies are."""
    window.errors.clear()
    masks = []
    for layer in ("image", "mesh"):
        window.open(f"{url}/?view=camera&stream=wide&bare=1&layers={layer}")
        wanted = "meshcast.numbers.picture >= 0" if layer == "image" else "meshcast.numbers.people.length"
        window.wait_for(f"globalThis.meshcast?.numbers.drawn > 2 && {wanted}")
        image = window.image()
        cv2.imwrite(str(tmp_path / f"{layer}.png"), image)
        masks.append(image.max(2) > 130 if layer == "image" else clay(image))
    straight = replace(WIDE, distortion=np.zeros(5))
    published = silhouette(show.people["wide"].vertices[0], straight)
    for mask in masks:
        overlap = (mask & published).sum() / (mask | published).sum()
        assert overlap > 0.9, f"{overlap:.3f}; see {tmp_path}"
    bent = silhouette(show.people["wide"].vertices[0], WIDE)
    assert (bent & published).sum() / (bent | published).sum() < 0.7
    assert window.errors == []


def press(window: Any, key: str) -> None:
    window.ask(f"dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}' }}))")


@browser
def test_page_pauses_steps_and_returns_to_live(show: Show, url: str, window: Any) -> None:
    window.errors.clear()
    window.open(f"{url}/?stream=cam0")
    window.wait_for("globalThis.meshcast?.numbers.received > 5 && meshcast.numbers.seq > 0")
    press(window, " ")
    window.wait_for("document.getElementById('play').dataset.playing", lambda playing: playing == "false")
    paused = window.wait_for("meshcast.numbers.seq")
    received = window.ask("meshcast.numbers.received")
    window.wait_for(f"meshcast.numbers.received > {received + 3}")  # goes on while the page does not
    assert abs(window.ask("meshcast.numbers.seq") - paused) <= 1
    before = window.ask("meshcast.numbers.seq")
    press(window, "ArrowLeft")
    window.wait_for("meshcast.numbers.seq", lambda seq: seq == before - 1)
    assert window.ask("document.getElementById('time').textContent").endswith(" s")
    press(window, "l")
    window.wait_for(f"meshcast.numbers.seq > {before + 2}")
    assert window.ask("document.getElementById('time').textContent") == "live"
    assert window.errors == []


@browser
def test_page_shows_each_person_stages_and_saves_a_screenshot(show: Show, url: str, window: Any) -> None:
    show.publisher.describe("cam0", lambda: {"stages_ms": {"pose": 4.0, "mesh": 2.5}, "dropped": {"pose": 1}})
    window.errors.clear()
    window.open(f"{url}/?stream=cam0")
    window.wait_for(
        "document.querySelector('#cards li span')?.textContent", lambda text: re.fullmatch(r"1\.\d\d m", text or "")
    )
    window.wait_for(
        "[...document.querySelectorAll('.chart p span')].map((s) => s.textContent).join()",
        lambda text: "pose 4.0" in text,
    )
    assert window.ask("meshcast.screenshot()") > 5000
    press(window, "v")
    assert window.ask("document.getElementById('record').ariaPressed") == "true"
    press(window, "v")
    window.wait_for("document.getElementById('record').ariaPressed", lambda pressed: pressed == "false")
    for key in "mbknigtfp":
        press(window, key)
    window.wait_for(f"meshcast.numbers.drawn > {window.ask('meshcast.numbers.drawn') + 1}")
    assert window.errors == []
    window.ask("localStorage.clear()")


@browser
def test_page_searches_a_recording(show: Show, window: Any, tmp_path: Path) -> None:
    path = tmp_path / "show.mcap"
    record(show.publisher.address, path, levels=("params", "joints", "preview"), stream="wide", count=12)
    index = RecordingIndex(path)
    about = About({"mode": "recording", "source": path.name})
    bridge = Bridge(None, Endpoint("127.0.0.1", 0), page=StaticFiles(BUNDLED_PAGE), resources=[about, Library(index)])
    packets = [decode(recorded.message) for recorded in Recording(path)]
    numbers = sorted({packet.seq for packet in packets if isinstance(packet, FramePacket) and packet.level == "params"})
    assert len(numbers) > 3
    with BackgroundBridge(bridge) as page:
        window.errors.clear()
        window.open(f"{page.link}/?view=camera")
        window.wait_for("globalThis.meshcast?.numbers.people.length && meshcast.numbers.state == 'recording'")
        window.wait_for(
            "document.getElementById('play').dataset.playing", lambda playing: playing == "false"
        )  # at the end
        window.wait_for("meshcast.numbers.seq", lambda seq: seq == numbers[-1])
        press(window, "ArrowLeft")
        window.wait_for("meshcast.numbers.seq", lambda seq: seq == numbers[-2])
        scrub = "document.getElementById('scrub')"
        window.ask(f"({scrub}.value = 0, {scrub}.dispatchEvent(new Event('input')))")
        window.wait_for("meshcast.numbers.seq", lambda seq: seq in numbers[:2])
        assert window.ask("meshcast.numbers.picture") >= 0
        assert window.errors == []
        window.open("about:blank")


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
        "globalThis.meshcast?.numbers.people.length && document.getElementById('stream').options.length == 3"
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
    assert window.ask("meshcast.numbers.people.join()") == "10"  # the last frame stays
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
        window.open(link.replace("/#", "/?level=mesh-lod#"))
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
