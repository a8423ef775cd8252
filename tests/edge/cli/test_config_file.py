"""Keys and values of configuration files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli.config_file import ConfigFile, read_config
from edge.cli.run import actions
from edge.errors import ConfigError

OPTIONS = actions()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "meshcast.toml"


def read(file: Path, text: str) -> ConfigFile:
    file.write_text(text)
    return read_config(file, OPTIONS)


def test_config_values_have_the_types_of_the_command_line(file: Path) -> None:
    found = read(
        file,
        "[models]\nthreads = 2\nflip_test = true\n[camera]\nfov = 75\n[outputs]\nsave = 'out/{stream}.npz'\n"
        "[publish]\naddress = 'tcp://*:5556'\naxes = 'unity'\n[pipeline]\nsmooth = 'off'\n",
    )
    assert not found.problems
    assert found.values == {
        "threads": 2,
        "flip_test": True,
        "fov": 75.0,
        "save": file.parent / "out/{stream}.npz",
        "publish": "tcp://*:5556",
        "axes": "unity",
        "smooth": "off",
    }


def test_config_sources_have_own_options(file: Path) -> None:
    found = read(file, "[[source]]\nuri='a.mp4'\nname='door'\ncamera='a.toml'\n[[source]]\nuri='0'\nloop=true\nfps=5\n")
    assert found.sources == (
        {"sources": str(file.parent / "a.mp4"), "stream": ["door"], "camera": [file.parent / "a.toml"]},
        {"sources": "0", "loop": True, "fps": 5.0},
    )


@pytest.mark.parametrize(
    "uri", ["-", "3", "rtsp://host/a", "gst:videotestsrc ! x", "synthetic:?people=2", "file:/a.mp4"]
)
def test_config_sources_other_than_relative_paths_stay(uri: str, file: Path) -> None:
    assert read(file, f"[[source]]\nuri = '{uri}'\n").sources[0]["sources"] == uri


@pytest.mark.parametrize(
    ("written", "expected"),
    [("clips/a.mp4", "{here}/clips/a.mp4"), ("/clips/a.mp4", "/clips/a.mp4"), ("~/a", "/home/me/a")],
)
def test_config_paths_start_at_the_folder_of_the_file(
    written: str, expected: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    found = read(file, f"[[source]]\nuri = '{written}'\n[camera]\nfile = '{written}'\n")
    path = expected.format(here=file.parent)
    assert (found.sources[0]["sources"], found.values["camera"]) == (path, [Path(path)])


def test_config_models_are_names_or_files(file: Path) -> None:
    found = read(file, "[models]\ndetector = 'nanodet_g'\npose = 'mine/pose.onnx'\nmesh = 'mesh.toml'\n")
    assert found.values == {
        "detector": "nanodet_g",
        "pose": str(file.parent / "mine/pose.onnx"),
        "mesh": str(file.parent / "mesh.toml"),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[modles]\n", "modles: no such table (did you mean models?); see docs/reference/configuration.md"),
        ("verbos = 1\n", "verbos: no such key; see "),
        ("fov = 60\n", "fov: no such key here; it belongs in [[source]] or [camera]"),
        ("[models]\ndetectr = 'x'\n", "models.detectr: no such key (did you mean detector?); see "),
        ("[models]\naxes = 'unity'\n", "models.axes: no such key here; it belongs in [publish]"),
        ("[models]\nthreads = 0\n", "models.threads: 0 is not a whole number from 1 up"),
        ("[models]\nthreads = 2.0\n", "models.threads: 2.0 is not a whole number"),
        ("[models]\nthreads = true\n", "models.threads: True is not a whole number"),
        ("[models]\nthreads = '2'\n", "models.threads: '2' is not a whole number"),
        ("[models]\nflip_test = 1\n", "models.flip_test: 1 is neither true nor false"),
        ("[models]\nflip_test = 'false'\n", "models.flip_test: 'false' is neither true nor false"),
        ("[models]\ndetector = ['a']\n", "models.detector: ['a'] is not a string"),
        ("[models]\ndetector = ''\n", "models.detector: '' is empty"),
        ('[outputs]\nsave = "a\\u0000.npz"\n', "outputs.save: 'a\\x00.npz' is empty or has control characters"),
        ("[playback]\nfps = 0\n", "playback.fps: 0 is not a number from 0.001 to 10000"),
        ("[playback]\nfps = nan\n", "playback.fps: nan is not a number"),
        ("[playback]\nfps = inf\n", "playback.fps: inf is not a number"),
        (f"[playback]\nfps = 1{'0' * 400}\n", "playback.fps: 1000"),
        (f"[models]\nthreads = {'9' * 5000}\n", ""),
        ("[playback]\nfps = 2026-01-01\n", "playback.fps: datetime.date(2026, 1, 1) is not a number"),
        (
            "[playback]\npace = 'Fast'\n",
            "playback.pace: 'Fast' is not a valid choice (did you mean fast?); choose from fast, ",
        ),
        ("models = 'x'\n", "models: is not a table; write [models] on a line of its own"),
        ("[[models]]\n", "models: is not a table"),
        ("[source]\nuri = 'a'\n", "source: is not a list of tables; write [[source]] above each source"),
        ("source = ['a.mp4']\n", "source: is not a list of tables"),
        ("[[source]]\nuri = '0'\n[[source]]\nname = 'x'\n", 'source[2].uri: missing; add uri = "..."'),
        ("[[source]]\nuri = 0\n", "source[1].uri: 0 is not a string; write it in quotes"),
        ("[[source]]\nuri = '0'\nfsp = 5\n", "source[1].fsp: no such key (did you mean fps?)"),
        ('[models]\n"a\\nb" = 1\n', "models.a b: no such key"),
        (f"[models]\n{'x' * 5000} = 1\n", "models.xxx"),
    ],
)
def test_config_problem_names_file_and_key_in_one_line(text: str, says: str, file: Path) -> None:
    try:
        (problem,) = read(file, text).problems
    except ConfigError as error:  # a number that the parser does not take
        problem = str(error)
    assert problem.startswith(f"{file}: {says}")
    assert "\n" not in problem
    assert len(problem) < len(str(file)) + 300


@pytest.mark.parametrize(
    "value", ["['rtsp://me:hunter2@host/a']", '"rtsp://me:hunter2@host/\\u0007"', "['rtsp://{}:hunter2@h']"]
)
def test_config_problem_has_no_password(value: str, file: Path) -> None:
    (problem,) = read(file, f"[[source]]\nuri = {value.format('me' * 30)}\n").problems[:1]
    assert "source[1].uri: " in problem
    assert "hunter2" not in problem


def test_config_reports_all_problems_and_keeps_valid_values(file: Path) -> None:
    found = read(file, "[models]\nthreads = 0\nbackend = 'torch'\n[camera]\nfvo = 1\n[[source]]\nuri = '0'\nfps = -1\n")
    assert [problem.split(": ")[1] for problem in found.problems] == ["models.threads", "camera.fvo", "source[1].fps"]
    assert found.values == {"backend": "torch"}
    assert found.sources == ({"sources": "0"},)


@pytest.mark.parametrize("content", [b"[models", b"\xff\xfe[\x00", b"[a]\n\xff", None])
def test_config_that_is_not_toml_is_an_error_in_one_line(content: bytes | None, file: Path) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_config(file, OPTIONS)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)
