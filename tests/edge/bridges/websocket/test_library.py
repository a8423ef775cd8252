"""A recording over HTTP."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

import numpy as np
import pytest

from calibration.camera import Camera
from edge.bridges.websocket import library
from edge.bridges.websocket.access import Token
from edge.bridges.websocket.library import Library
from edge.bridges.websocket.resources import About
from edge.bridges.websocket.server import Bridge
from edge.recording.mcap_index import RecordingIndex
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Frame
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket, ModelPacket
from tests.support import golden_packets
from tests.support.websocket_bridge import HERE, answer, running

CAMERA = Camera.from_fov((64, 48), 60.0)
SECRET = "a-token-of-more-than-20-letters"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> RecordingIndex:
    path = tmp_path_factory.mktemp("library") / "a.mcap"
    recorder = StreamRecorder(RecordConfig(path, ("joints",)), "cam0", golden_packets.model())
    for number in range(12):
        frame = Frame("cam0", number, 10**9, number / 30, np.zeros((48, 64, 3), np.uint8))
        recorder.add(frame, golden_packets.bodies(1), CAMERA, None)
    recorder.close()
    return RecordingIndex(path)


def entries(body: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(body):
        size, frame = struct.unpack_from("<II", body, offset)
        yield frame, body[offset + 8 : offset + 8 + size]
        offset += 8 + size


def get(made: Library, path: str, query: str = "") -> tuple[int, bytes, str | None]:
    response = made.answer(f"/recording/{path}", query)
    return response.status_code, response.body or b"", response.headers.get("X-Next")


def test_library_gives_contents_times_models_and_frames(index: RecordingIndex) -> None:
    made = Library(index)
    (stream,) = json.loads(get(made, "index.json")[1])["streams"]
    assert (stream["name"], stream["frames"], stream["levels"], stream["previews"]) == ("cam0", 12, ["joints"], False)
    times = np.frombuffer(get(made, "times", "stream=cam0")[1], "<f8")
    np.testing.assert_allclose(np.diff(times), 1 / 30, atol=1e-6)
    models = [decode(message) for _, message in entries(get(made, "models", "stream=cam0")[1])]
    assert [type(each) for each in models] == [ModelPacket]
    status, body, following = get(made, "frames", "stream=cam0&from=3&count=4&topics=joints,preview")
    packets = [(frame, decode(message)) for frame, message in entries(body)]
    assert (status, following) == (200, "7")
    assert [frame for frame, _ in packets] == [3, 4, 5, 6]
    assert [packet.frame_index for _, packet in packets if isinstance(packet, FramePacket)] == [3, 4, 5, 6]


def test_library_limits_the_size_of_an_answer(index: RecordingIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MAX_ANSWER_BYTES", 1)
    _, body, following = get(Library(index), "frames", "stream=cam0&from=3&count=4&topics=joints")
    assert (len(list(entries(body))), following) == (1, "4")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("times", "stream=nowhere", 404),
        ("frames", "stream=cam0&from=-1&topics=joints", 400),
        ("frames", "stream=cam0&from=x&topics=joints", 400),
        ("frames", "stream=cam0&from=0&topics=vertices", 400),
        ("frames", "&".join(f"a{number}=1" for number in range(20)), 400),
        ("other", "stream=cam0", 404),
        ("frames", "stream=cam0&from=99&topics=joints", 200),
    ],
)
def test_library_answers_invalid_requests_with_one_line(
    index: RecordingIndex, path: str, query: str, status: int
) -> None:
    found, body, _ = get(Library(index), path, query)
    assert found == status
    assert body.count(b"\n") == (status != 200)


def test_bridge_of_a_recording_needs_the_token_for_it(index: RecordingIndex) -> None:
    about = About({"mode": "recording", "source": "a.mcap"})
    bridge = Bridge(None, HERE, resources=(about, Library(index)), token=Token(SECRET))
    with running(bridge) as url:
        for path in ("/about.json", "/recording/index.json", "/recording/frames?stream=cam0&topics=joints"):
            assert answer(url, path)[0] == 401
        assert answer(url, "/stream")[0] == 404
    with running(Bridge(None, HERE, resources=(about, Library(index)))) as url:
        status, headers, body = answer(url, "/about.json")
        assert (status, json.loads(body)["mode"]) == (200, "recording")
        assert headers["cache-control"] == "no-store"
        assert answer(url, "/recording/index.json")[0] == 200


def test_library_owns_its_folder_only(index: RecordingIndex) -> None:
    made = Library(index)
    assert made.owns("/recording/times")
    assert not made.owns("/recordings")
    assert not made.owns("/page.js")
