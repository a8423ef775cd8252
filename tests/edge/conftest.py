"""Fixtures: the command line in this process with sessions that are opened once, and small clips of a real person."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import edge.models
from edge.cli.main import main
from edge.pipeline import Pipeline
from edge.sources import open_source
from edge.timing import Numbered, Timings
from edge.types import U8, Bodies, TrackedFrame
from engines.body.body import Body
from engines.body.select import digest
from engines.cards.card import Card
from engines.inference.session import open_session
from tests.support.clips import write_clip
from tests.support.commands import PATIENCE_S, Command, CommandResult
from tests.support.paths import MEDIA, STARTER


@functools.cache
def _opened(card: Card, mesh: str, options: tuple[tuple[str, Any], ...]) -> Any:
    return open_session(card, body=_BODIES[mesh], **dict(options))


_BODIES: dict[str, Body | None] = {"": None}


def open_once(card: Card, *, body: Body | None = None, **options: Any) -> Any:
    """A session, loaded once for each card, mesh and options."""
    mesh = "" if body is None else digest(body)
    _BODIES[mesh] = body
    return _opened(card, mesh, tuple(sorted(options.items())))


@pytest.fixture
def first_mesh_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mesh of the first frame is ready only after another frame was dropped, however long that takes."""
    lost, recover_meshes = Timings.lost, Pipeline.recover_meshes
    dropped = threading.Event()

    def noticed_lost(self: Timings, where: str, frame: Numbered) -> None:
        lost(self, where, frame)
        dropped.set()

    def late_recover_meshes(self: Pipeline, tracked_frame: TrackedFrame) -> Bodies:
        assert dropped.wait(PATIENCE_S)
        return recover_meshes(self, tracked_frame)

    monkeypatch.setattr(Timings, "lost", noticed_lost)
    monkeypatch.setattr(Pipeline, "recover_meshes", late_recover_meshes)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The real sessions, each opened once in the whole test run."""
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


@pytest.fixture(scope="session")
def photo() -> U8:
    """A photograph of one standing person, 405 x 720."""
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
