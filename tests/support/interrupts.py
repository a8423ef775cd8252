"""Interrupts of a running pipeline."""

from __future__ import annotations

import os
import signal

import pytest

from edge.pipeline import Pipeline
from edge.types import Frame, TrackedFrame


def interrupt_at(monkeypatch: pytest.MonkeyPatch, frames: int, number: int = signal.SIGINT) -> None:
    """Ctrl-C, or another signal, while the pipeline works on the frame after this number of frames."""
    track_people = Pipeline.track_people
    seen: list[int] = []

    def interrupting(self: Pipeline, frame: Frame) -> TrackedFrame:
        if len(seen) == frames:
            os.kill(os.getpid(), number)
        seen.append(frame.index)
        return track_people(self, frame)

    monkeypatch.setattr(Pipeline, "track_people", interrupting)
