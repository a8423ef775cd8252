"""The command line in this process, with engines that are loaded once, and small clips of a real person."""

from __future__ import annotations

import functools
import itertools
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import numpy as np
import pytest

import edge.models
from edge.cli.main import main
from edge.pipeline import Pipeline
from edge.sources import open_source
from edge.types import U8, Bodies, Frame, TrackedFrame
from engines.body.body import Body
from engines.body.select import digest
from engines.cards.card import Card
from engines.inference.session import open_session

TESTS = Path(__file__).parents[1]
MEDIA = TESTS / "media"
STARTER = TESTS / "data" / "starter"
PATIENCE_S = 30.0  # a limit for failures only


@functools.cache
def _opened(card: Card, mesh: str, options: tuple[tuple[str, Any], ...]) -> Any:
    return open_session(card, body=_BODIES[mesh], **dict(options))


_BODIES: dict[str, Body | None] = {"": None}


def open_once(card: Card, *, body: Body | None = None, **options: Any) -> Any:
    """A session, loaded once for each card, mesh and options."""
    mesh = "" if body is None else digest(body)
    _BODIES[mesh] = body
    return _opened(card, mesh, tuple(sorted(options.items())))


@dataclass(frozen=True)
class CommandResult:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The messages on stderr, without the closing line of the progress."""
        return [line for line in self.err.splitlines() if line.startswith("meshcast: ")]


@pytest.fixture
def first_mesh_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first frame's mesh takes until people are followed through a fourth frame, however long that is: of the two
    frames between, which wait for the mesh, the newer one replaces the other."""
    track_people, recover_meshes, later, followed = (
        Pipeline.track_people,
        Pipeline.recover_meshes,
        threading.Event(),
        itertools.count(1),
    )

    def following(self: Pipeline, frame: Frame) -> TrackedFrame:
        if next(followed) >= 4:
            later.set()
        return track_people(self, frame)

    def slow(self: Pipeline, seen: TrackedFrame) -> Bodies:
        assert later.wait(PATIENCE_S)
        return recover_meshes(self, seen)

    monkeypatch.setattr(Pipeline, "track_people", following)
    monkeypatch.setattr(Pipeline, "recover_meshes", slow)


class Command(Protocol):
    def __call__(self, *words: str | Path) -> CommandResult: ...


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The real engines, each loaded once in the whole test run."""
    monkeypatch.setattr(edge.models, "open_session", open_once)
    return open_once


@pytest.fixture
def meshcast(engines: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> Command:
    """`meshcast WORDS` in this process."""

    def command(*words: str | Path) -> CommandResult:
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:  # argparse, on wrong usage
            code = int(end.code or 0)
        return CommandResult(code, *capsys.readouterr())

    return command


def write_clip(
    path: Path,
    images: Iterable[U8],
    *,
    codec: str = "mpeg4",
    pix_fmt: str = "yuv420p",
    pts_ms: list[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A video of these BGR images, 30 a second unless pts_ms says when."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream: Any = container.add_stream(codec, rate=30)
        stream.pix_fmt = pix_fmt
        if codec == "mpeg4":
            stream.options = {"qmin": "2", "qmax": "4", "g": "6"}
        if pts_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index, image in enumerate(images):
            if index == 0:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if pts_ms is not None:
                frame.pts, frame.time_base = pts_ms[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_clip(path: Path) -> list[U8]:
    with open_source(str(path)) as source:
        return [frame.image for frame in source]


def load(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as saved:
        return {key: saved[key] for key in saved.files}


def report(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


@pytest.fixture(scope="session")
def photo() -> U8:
    """One person, whole, upright: 405 x 720."""
    image = cv2.imread(str(STARTER / "balance_cam01_40.jpg"))
    assert image is not None
    return np.asarray(cv2.resize(image, (405, 720), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="session")
def person_images() -> list[U8]:
    """Twelve frames of one balancing person, 360 x 640: every fourth of the real clip."""
    with open_source(str(MEDIA / "balance_cam01.mp4")) as source:
        images = [frame.image for frame in source if frame.index % 4 == 0 and frame.index < 48]
    return [np.asarray(cv2.resize(image, (360, 640), interpolation=cv2.INTER_AREA), np.uint8) for image in images]


@pytest.fixture(scope="session")
def person_clip(person_images: list[U8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The twelve frames as a vertical video that can be cut short: its index is at the front."""
    path = tmp_path_factory.mktemp("clips") / "person.mp4"
    return write_clip(path, person_images, options={"movflags": "faststart"})


@pytest.fixture(scope="session")
def blank_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five gray frames."""
    path = tmp_path_factory.mktemp("clips") / "blank.mp4"
    return write_clip(path, [np.full((120, 160, 3), 90, np.uint8)] * 5)
