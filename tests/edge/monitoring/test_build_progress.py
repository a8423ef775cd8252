"""Bars of plans that are built: only where somebody can see them."""

from __future__ import annotations

import io
import sys

import pytest

from edge.monitoring.build_progress import build_progress_bars
from engines.inference.build_progress import BuildProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def build() -> None:
    phases = BuildProgress("/models/net.onnx")
    phases.start("whole", 2)
    phases.finish("whole")


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with build_progress_bars(quiet=False):
        build()
    assert "building net.onnx" in stderr.getvalue()
    assert "100%" in stderr.getvalue()


@pytest.mark.parametrize(("quiet", "stderr"), [(True, Terminal()), (False, io.StringIO())])
def test_no_bar_elsewhere(monkeypatch: pytest.MonkeyPatch, quiet: bool, stderr: io.StringIO) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    with build_progress_bars(quiet):
        build()
    assert not stderr.getvalue()
