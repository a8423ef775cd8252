"""Command line and configuration file of a run together."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.cli.config_merge import VARIABLE, source_views, with_config
from edge.cli.main import parser
from edge.cli.run import actions, run_config
from edge.errors import ConfigError, SourceError
from edge.run_config import PlaybackConfig, RunConfig

FILE = """
[[source]]
uri = "synthetic:"
name = "door"
fov = 90
loop = true
camera = "door.toml"

[[source]]
uri = "synthetic:?people=2"
max_frames = 7

[playback]
pace = "fast"
max_frames = 100
[camera]
fov = 50
[models]
backend = "torch"
threads = 3
flip_test = true
[pipeline]
detect_every = 4
smooth = 'off'
[outputs]
save = "{stream}.npz"
[publish]
address = "tcp://127.0.0.1:5556"
axes = "unity"
[log]
quiet = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "meshcast.toml").write_text(FILE)
    return tmp_path / "meshcast.toml"


def args_of(*words: str | Path) -> argparse.Namespace:
    return with_config(parser().parse_args(["run", *map(str, words)]), actions())


def config_of(*words: str | Path) -> RunConfig:
    return run_config(args_of(*words))


def test_run_takes_everything_from_the_file(file: Path) -> None:
    config = config_of("--config", file)
    assert config.sources.uris == ("synthetic:", "synthetic:?people=2")
    assert config.sources.stream_names() == ["door", "synthetic"]
    assert config.sources.playbacks() == (
        PlaybackConfig("fast", True, None, 100),
        PlaybackConfig("fast", False, None, 7),
    )
    assert [(camera.camera, camera.fov_deg) for camera in config.camera_configs()] == [
        (file.parent / "door.toml", 90.0),
        (None, 50.0),
    ]
    assert (config.models.backend, config.models.threads, config.models.flip_test) == ("torch", 3, True)
    assert (config.pipeline.tracker.interval, config.quiet) == (4, True)
    assert config.outputs.save == file.parent / "{stream}.npz"
    assert config.outputs.publish is not None
    assert (config.outputs.publish.address, config.outputs.publish.axes) == ("tcp://127.0.0.1:5556", "unity")


def test_run_without_file_has_the_defaults() -> None:
    assert config_of("synthetic:") == RunConfig(config_of("synthetic:").sources)
    assert config_of("synthetic:").models.backend == "auto"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("--threads 1", lambda config: config.models.threads == 1),
        ("--thr=1", lambda config: config.models.threads == 1),
        ("--backend auto", lambda config: config.models.backend == "auto"),  # its default, given all the same
        ("--detect-every 8", lambda config: config.pipeline.tracker.interval == 8),
        ("--no-flip-test", lambda config: not config.models.flip_test),
        ("--no-quiet", lambda config: not config.quiet),
        ("--save b.npz", lambda config: config.outputs.save == Path("b.npz")),
        ("--fov 70", lambda config: [c.fov_deg for c in config.camera_configs()] == [70.0, 70.0]),
        ("--max-frames 2", lambda config: [p.max_frames for p in config.sources.playbacks()] == [2, 2]),
        ("--no-loop", lambda config: not config.sources.playbacks()[0].loop),
        ("--stream a --stream b", lambda config: config.sources.stream_names() == ["a", "b"]),
        ("--camera b.toml", lambda config: [str(c.camera) for c in config.camera_configs()] == ["b.toml"] * 2),
        (
            "--camera b.toml --camera c.toml",
            lambda config: [str(c.camera) for c in config.camera_configs()] == ["b.toml", "c.toml"],
        ),
    ],
)
def test_run_options_win_over_the_file(words: str, value: object, file: Path) -> None:
    assert callable(value)
    assert value(config_of("--config", file, *words.split()))
    assert not value(config_of("--config", file))


def test_run_sources_replace_those_of_the_file(file: Path) -> None:
    config = config_of("synthetic:?frames=3", "--config", file)
    assert (config.sources.uris, config.sources.stream_names()) == (("synthetic:?frames=3",), ["synthetic"])
    assert config.sources.playbacks() == (PlaybackConfig("fast", False, None, 100),)
    assert [(camera.camera, camera.fov_deg) for camera in config.camera_configs()] == [(None, 50.0)]


def test_run_options_before_the_command_win_over_the_file(file: Path) -> None:
    file.write_text("[log]\nverbose = false\nformat = 'text'\n")
    args = with_config(parser().parse_args(["-v", "--log-format", "json", "run", "--config", str(file)]), actions())
    assert (args.verbose, args.log_format) == (True, "json")


def test_run_environment_names_the_file(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(file))
    assert config_of().models.backend == "torch"
    other = tmp_path / "other.toml"
    other.write_text("[models]\nbackend = 'openvino'\n")
    assert config_of("--config", other).models.backend == "openvino"
    monkeypatch.setenv(VARIABLE, "")
    assert config_of("synthetic:").models.backend == "auto"


def test_run_wrong_number_of_cameras_is_an_error(file: Path) -> None:
    with pytest.raises(SourceError, match="2 sources and 3 of --camera"):
        source_views(args_of("--config", file, *("--camera", "a.toml") * 3))


def test_run_file_with_problems_is_an_error_that_counts_them(file: Path) -> None:
    file.write_text("[models]\nthreads = 0\n")
    with pytest.raises(ConfigError) as one:
        args_of("--config", file)
    assert str(one.value) == f"{file}: models.threads: 0 is not a whole number from 1 up"
    file.write_text("[models]\nthreads = 0\nfoo = 1\n[camra]\n")
    with pytest.raises(ConfigError, match=r"from 1 up \(and 2 more: meshcast config check "):
        args_of("--config", file)


def test_run_camera_of_a_source_replaces_the_pose_of_all(file: Path) -> None:
    file.write_text(
        "[camera]\ncamera_height = 2\ntilt = 10\n[[source]]\nuri = 'synthetic:'\ncamera = 'a.toml'\n"
        "[[source]]\nuri = 'synthetic:'\n[[source]]\nuri = 'synthetic:'\ncamera_height = 3\n"
    )
    found = [(c.camera, c.camera_height_m, c.tilt_deg) for c in config_of("--config", file).camera_configs()]
    assert found == [(file.parent / "a.toml", None, 0.0), (None, 2.0, 10.0), (None, 3.0, 0.0)]
    file.write_text("[camera]\nfile = 'a.toml'\n[[source]]\nuri = 'synthetic:'\ncamera_height = 3\ntilt = 5\n")
    (camera,) = config_of("--config", file).camera_configs()
    assert (camera.camera, camera.camera_height_m, camera.tilt_deg) == (None, 3.0, 5.0)
