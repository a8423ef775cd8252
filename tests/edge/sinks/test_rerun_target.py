"""Targets of Rerun recordings."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path

import pytest

from edge.errors import OutputError, UsageError
from edge.sinks import rerun_target
from edge.sinks.rerun_target import RerunConfig, check_rerun, resolved, viewer_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9876", "rerun+http://127.0.0.1:9876/proxy"),
        ("rerun+http://desk.local/proxy", "rerun+http://desk.local:9876/proxy"),
        ("rerun+https://desk:443", "rerun+https://desk:443/proxy"),
        ("[::1]:9876", "rerun+http://[::1]:9876/proxy"),
    ],
)
def test_viewer_address_is_completed(text: str, address: str) -> None:
    assert viewer_address(text) == address


@pytest.mark.parametrize("text", ["clip.mp4", "spwan", "desk", "http://desk:1", "desk:port", "desk:99999", "", "a b:1"])
def test_rerun_config_other_target_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"is none of OUT\.rrd"):
        RerunConfig(text)


def test_rerun_config_path_is_that_of_a_file() -> None:
    assert RerunConfig("out/a.RRD").path == Path("out/a.RRD")
    assert RerunConfig("spawn").path is None


def test_check_rerun_without_a_viewer_names_the_remedy() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(OutputError, match=r"no Rerun viewer listens there; start one"):
            check_rerun(RerunConfig(f"127.0.0.1:{port}"))


def test_check_rerun_without_the_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OutputError, match=r"--rerun: needs the package rerun-sdk; .*pip install .*rerun"):
        check_rerun(RerunConfig("a.rrd"))


def test_resolved_streams_share_one_recording() -> None:
    config = resolved(RerunConfig("a.rrd", 5.0))
    assert config.target == "a.rrd"
    assert config.recording
    assert config.recording != resolved(RerunConfig("a.rrd")).recording


def test_resolved_viewer_that_ends_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = tmp_path / "python"
    viewer.write_text("#!/bin/sh\necho 'no display' >&2\nexit 3\n")
    viewer.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(viewer))
    monkeypatch.setattr(rerun_target, "_listens", lambda address: False)
    with pytest.raises(OutputError, match=r"the viewer ended at once \(exit code 3\); it needs a display: write"):
        resolved(RerunConfig("spawn"))
