"""The template, and the effective configuration as a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.cli.config_file import read_config
from edge.cli.config_keys import keys
from edge.cli.config_merge import with_config
from edge.cli.config_write import effective_toml, template
from edge.cli.main import parser
from edge.cli.run import actions, run_config
from edge.errors import SourceError, UsageError
from engines.errors import MeshcastError

OPTIONS = actions()

FULL = """
[[source]]
uri = "clip.mp4"
name = "door"
camera = "door.toml"
loop = true
[[source]]
uri = "0"
fov = 80
[camera]
fov = 50.5
[models]
pose = "mine/pose.onnx"
[outputs]
overlay = "{stream}.mp4"
[publish]
address = "tcp://127.0.0.1:5556"
[monitoring]
metrics = "127.0.0.1:9464"
[log]
format = "json"
verbose = true
"""


def effective(*words: str | Path) -> str:
    """What `meshcast run WORDS` would use."""
    return effective_toml(with_config(parser().parse_args(["run", *map(str, words)]), OPTIONS))


def test_template_is_a_valid_file(tmp_path: Path) -> None:
    file = tmp_path / "meshcast.toml"
    file.write_text(template(OPTIONS))
    found = read_config(file, OPTIONS)
    assert (found.problems, found.values, found.sources) == ((), {}, ({"sources": "0"},))


def test_template_examples_and_defaults_are_valid_values(tmp_path: Path) -> None:
    file = tmp_path / "meshcast.toml"
    file.write_text(re.sub(r"^# (\w+ = )", r"\1", template(OPTIONS), flags=re.MULTILINE))
    found = read_config(file, OPTIONS)
    assert not found.problems
    assert len(found.values) + len(found.sources[0]) == len(list(keys()))


def test_template_describes_every_key(tmp_path: Path) -> None:
    text = template(OPTIONS)
    assert len(re.findall(r"^# \S.*\n(?:# )?\w+ = \S", text, re.MULTILINE)) == len(list(keys()))
    assert "%(" not in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    "words", ["", "--fov 75 --smooth off --no-verbose", "--camera a.toml", "--camera a.toml --camera b.toml"]
)
def test_effective_configuration_is_a_file_with_the_same_meaning(words: str, tmp_path: Path) -> None:
    file, shown = tmp_path / "meshcast.toml", tmp_path / "other" / "shown.toml"
    shown.parent.mkdir()
    file.write_text(FULL)
    text = effective("--config", file, *words.split())
    shown.write_text(text)
    assert effective("--config", shown) == text
    absolute = [word if word.startswith("--") else str(Path(word).absolute()) for word in words.split()]
    words_of = absolute if "camera" in words else words.split()
    run = parser().parse_args(["run", "--config", str(file), *words_of])
    again = parser().parse_args(["run", "--config", str(shown)])
    assert run_config(with_config(run, OPTIONS)) == run_config(with_config(again, OPTIONS))


def test_effective_configuration_has_sources_and_options_of_the_command_line(tmp_path: Path) -> None:
    text = effective("a.mp4", "synthetic:", "--stream", "x", "--stream", "y", "--save", "{stream}.npz")
    assert text.startswith(f'[[source]]\nuri = "{Path.cwd()}/a.mp4"\nname = "x"\n\n[[source]]\nuri = "synthetic:"\n')
    assert f'save = "{Path.cwd()}/{{stream}}.npz"' in text


@pytest.mark.parametrize(
    ("words", "error"), [("a b --stream x", UsageError), ("a b --camera x --camera y --camera z", MeshcastError)]
)
def test_effective_configuration_with_wrong_numbers_is_an_error(words: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="2 sources and "):
        effective(*words.split())


@pytest.mark.parametrize(
    "uri",
    [
        "rtsp://admin:hunter2@camera.example/live",
        "rtsp://camera.example/live?user=admin&password=hunter2",
        "gst:rtspsrc location=x user-pw=hunter2 ! decodebin",
        "rtps:admin:hunter2@camera.example/live",
    ],
)
def test_effective_configuration_has_no_passwords(uri: str, tmp_path: Path) -> None:
    file = tmp_path / "meshcast.toml"
    file.write_text(f"[[source]]\nuri = '{uri}'\n")
    for text in (effective("--config", file), effective(uri)):
        assert "hunter2" not in text
        shown = tmp_path / "shown.toml"
        shown.write_text(text)
        assert not read_config(shown, OPTIONS).problems


def test_effective_configuration_keeps_standard_input() -> None:
    assert 'uri = "-"' in effective("-")


def test_effective_configuration_wrong_number_of_cameras_with_own_options(tmp_path: Path) -> None:
    file = tmp_path / "meshcast.toml"
    file.write_text(FULL)
    with pytest.raises(SourceError, match="2 sources and 3 of --camera"):
        effective("--config", file, *("--camera", "a.toml") * 3)
