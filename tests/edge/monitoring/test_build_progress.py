"""Progress bars of engine plans, on terminals only."""

from __future__ import annotations

import io
import sys

import pytest

from edge.monitoring.build_progress import build_progress_bars
from engines.inference.build_progress import BuildProgress, OnBuild


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def build(on_build: OnBuild | None) -> None:
    phases = BuildProgress("/models/net.onnx", on_build)
    phases.start("whole", 2)
    phases.finish("whole")


def test_build_progress_bars_on_terminal_show_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with build_progress_bars(quiet=False) as on_build:
        build(on_build)
    assert "building net.onnx" in stderr.getvalue()
    assert "100%" in stderr.getvalue()


@pytest.mark.parametrize(("quiet", "stderr"), [(True, Terminal()), (False, io.StringIO())])
def test_build_progress_bars_quiet_or_no_terminal_show_nothing(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, stderr: io.StringIO
) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    with build_progress_bars(quiet) as on_build:
        build(on_build)
    assert not stderr.getvalue()
