"""Problems of a configuration that show only beside the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli.config_check import problems_of
from edge.cli.config_file import read_config
from edge.cli.config_merge import merged
from edge.cli.run import actions, options_parser, run_config

OPTIONS = actions()


def problems(folder: Path, text: str) -> list[str]:
    (folder / "meshcast.toml").write_text(text)
    file = read_config(folder / "meshcast.toml", OPTIONS)
    assert not file.problems
    return problems_of(merged(options_parser().parse_args([]), file), run_config)


GOOD = "[[source]]\nuri = 'synthetic:'\n"


def test_check_of_a_configuration_that_runs_has_no_problems(tmp_path: Path) -> None:
    text = (
        f"{GOOD}fov = 70\n[outputs]\nsave = 'a.npz'\n[publish]\naddress = 'tcp://127.0.0.1:5556'\n"
        "[monitoring]\nmetrics = '127.0.0.1:9464'\n"
    )
    assert problems(tmp_path, text) == []
    assert [path.name for path in tmp_path.iterdir()] == ["meshcast.toml"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[source]]\nuri = 'none.mp4'\n", "/none.mp4: no such file or folder"),
        (
            "[[source]]\nuri = 'rtp://a:b@c/d'\n",
            "rtp://: unsupported source scheme (did you mean rtsp://?); use a video file",
        ),
        (f"{GOOD}name = 'a b'\n", "the stream's name 'a b'"),
        (f"{GOOD}name = 'a'\n{GOOD}name = 'a'\n", "two streams cannot both be called a"),
        (f"{GOOD}camera = 'none.toml'\n", "/none.toml: "),
        (f"{GOOD}fov = 500\n", "500"),
        (f"{GOOD}[models]\ndetector = 'nanodt_g'\n", "unknown detector 'nanodt_g' (did you mean nanodet_g?)"),
        (f"{GOOD}[models]\npose = 'nanodet_g'\n", "nanodet_g is a detector model, not a pose model"),
        (f"{GOOD}[models]\nsecond_pose = 'x'\n", "'x'"),
        (f"{GOOD}[people]\nshape = 'none.toml'\n", "none.toml"),
        (f"{GOOD}[people]\nshape = 'a.toml'\nheight = 1.8\n", "--height: contradicts --shape"),
        (f"{GOOD}tilt = 5\n", "--tilt: needs the camera's height"),
        (f"{GOOD}[models]\nmesh = 'x'\n", "unknown mesh 'x'"),
        (f"{GOOD}[models]\nbody = 'x'\n", "pose2mesh_open: has a body of its own"),
        (f"{GOOD}[models]\nbackend = 'openvio'\n", "unknown backend 'openvio' (did you mean openvino?)"),
        (f"{GOOD}[models]\nprecision = 'fp61'\n", "unknown precision 'fp61' (did you mean fp16?)"),
        (f"{GOOD}[models]\ndevice = 'cdua:0'\n", "unknown device 'cdua:0'; there are: cpu, cuda:N"),
        (f"{GOOD}[models]\nrefine = 'drak'\n", "unknown refinement 'drak' (did you mean dark?)"),
        (f"{GOOD}[network]\ncredentials = 'none'\n", "/none: cannot read the credentials"),
        (f"{GOOD}[outputs]\nsave = 'a.nzp'\n", "a.nzp"),
        (f"{GOOD}[outputs]\nsave = 'none/a.npz'\n", "/none does not exist"),
        (f"{GOOD}{GOOD}[outputs]\nsave = 'a.npz'\n", "several sources need a path for each"),
        (f"{GOOD}[outputs]\nsummary = 'a'\n[monitoring]\ntrace = 'a'\n", "two outputs have this path"),
        (f"{GOOD}[publish]\naddress = 'tcp://*:5556'\n", "refusing to bind a public address"),
        (f"{GOOD}[security]\nallow = 'clients'\n", "--allow: needs a server key too"),
        (f"{GOOD}[security]\ncurve = 'none.key'\nallow = 'clients'\n", "none.key"),
        (f"{GOOD}[monitoring]\nmetrics = '9464'\n", "9464: not an address"),
        (f"{GOOD}[monitoring]\nmetrics = '0.0.0.0:9464'\n", "anyone who reaches this machine could read the metrics"),
        (f"{GOOD}[monitoring]\nmetrics_token_file = 'x'\n", "--metrics-token-file: needs --metrics"),
        (f"{GOOD}[monitoring]\nmetrics = '0.0.0.0:1'\nmetrics_token_file = 'x'\n", "/x: cannot be read"),
    ],
)
def test_check_names_what_cannot_be_used(text: str, says: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, text)
    assert says in problem
    assert "\n" not in problem


def test_check_reports_several_problems(tmp_path: Path) -> None:
    found = problems(
        tmp_path, "[[source]]\nuri = 'a.mp4'\n[[source]]\nuri = 'b.mp4'\n[models]\nmesh = 'x'\npose = 'y'\n"
    )
    assert len(found) == 4
