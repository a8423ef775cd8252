"""`meshcast config`, and `meshcast run --config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli.config import MAX_PROBLEMS
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command, report


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_config_init_writes_a_file_that_check_accepts(meshcast: Command, folder: Path) -> None:
    said = meshcast("config", "init")
    assert (said.code, said.out) == (EXIT_WHOLE, "wrote meshcast.toml; next: meshcast config check meshcast.toml\n")
    said = meshcast("config", "check", "meshcast.toml")
    assert (said.code, said.out) == (EXIT_WHOLE, "meshcast.toml: no problems; 1 source\n")


def test_config_init_keeps_an_existing_file(meshcast: Command, folder: Path) -> None:
    file = folder / "mine.toml"
    file.write_text("mine")
    said = meshcast("config", "init", file)
    assert said.code == EXIT_INPUT
    assert said.err == f"meshcast: {file}: exists and is not replaced; choose another path or remove it\n"
    assert file.read_text() == "mine"
    said = meshcast("config", "init", folder / "none" / "a.toml")
    assert said.code == EXIT_INPUT
    assert said.err.endswith("cannot be written (No such file or directory); choose another path\n")


def test_config_check_prints_one_line_per_problem(meshcast: Command, folder: Path) -> None:
    (folder / "a.toml").write_text("[models]\nthreads = 0\nfoo = 1\n")
    said = meshcast("config", "check", "a.toml")
    assert (said.code, said.err) == (EXIT_INPUT, "")
    assert [line.split(": ")[:2] for line in said.out.splitlines()] == [
        ["a.toml", "models.threads"],
        ["a.toml", "models.foo"],
    ]
    (folder / "a.toml").write_text("[models]\nmesh = 'x'\n[[source]]\nuri = 'none.mp4'\n")
    said = meshcast("config", "check", "a.toml")
    assert said.code == EXIT_INPUT
    assert [line.split(": ")[0] for line in said.out.splitlines()] == ["a.toml", "a.toml"]


def test_config_check_without_sources_is_a_problem(meshcast: Command, folder: Path) -> None:
    (folder / "a.toml").write_text("")
    said = meshcast("config", "check", "a.toml")
    assert (said.code, said.out) == (EXIT_INPUT, "a.toml: no [[source]]; add one, or give SOURCE to meshcast run\n")


def test_config_check_prints_a_limited_number_of_problems(meshcast: Command, folder: Path) -> None:
    (folder / "a.toml").write_text("".join(f"key{number} = 1\n" for number in range(MAX_PROBLEMS + 20)))
    said = meshcast("config", "check", "a.toml")
    assert len(said.out.splitlines()) == MAX_PROBLEMS + 1
    assert said.out.endswith("a.toml: 20 more problems\n")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("config check none.toml", EXIT_INPUT, "meshcast: none.toml: "),
        ("config check", EXIT_USAGE, "meshcast config check: PATH: missing"),
        ("config chek a", EXIT_USAGE, "meshcast config: chek: no such command; did you mean check?"),
        ("config show none.toml", EXIT_INPUT, "meshcast: none.toml: "),
        ("config show --fvo 3", EXIT_USAGE, "meshcast config show: --fvo: no such option; did you mean --fov?"),
        ("run --config none.toml", EXIT_INPUT, "meshcast: none.toml: "),
        ("run", EXIT_USAGE, "meshcast run: SOURCE: missing; see meshcast run --help"),
    ],
)
def test_config_wrong_use_is_an_error_in_one_line(words: str, code: int, says: str, meshcast: Command) -> None:
    said = meshcast(*words.split())
    assert said.code == code
    assert said.err.startswith(says)
    assert len(said.err.splitlines()) == 1


def test_config_show_prints_file_and_flags(meshcast: Command, folder: Path) -> None:
    (folder / "a.toml").write_text("[[source]]\nuri = 'rtsp://me:hunter2@host/a'\n[models]\nthreads = 3\n")
    said = meshcast("config", "show", "a.toml", "--axes", "unity")
    assert said.code == EXIT_WHOLE
    assert {'uri = "rtsp://host/a"', "threads = 3", 'axes = "unity"', 'mesh = "pose2mesh_open"'} <= set(
        said.out.splitlines()
    )
    assert "hunter2" not in said.out


def test_run_ignores_a_file_that_is_not_named_but_mentions_it(meshcast: Command, folder: Path) -> None:
    assert meshcast("config", "init").code == EXIT_WHOLE
    said = meshcast("run")
    assert said.code == EXIT_USAGE
    assert said.err == "meshcast run: SOURCE: missing; add --config meshcast.toml to use that file\n"
    (folder / "empty.toml").write_text("")
    said = meshcast("run", "--config", "empty.toml")
    assert said.err == "meshcast run: SOURCE: missing; add [[source]] to empty.toml\n"


def test_run_with_file_writes_beside_it_and_reads_each_source_as_told(
    meshcast: Command, blank_clip: Path, folder: Path
) -> None:
    (folder / "set").mkdir()
    (folder / "set" / "a.toml").write_text(
        f"[[source]]\nuri = '{blank_clip}'\nname = 'short'\nmax_frames = 2\nfov = 90\n"
        f"[[source]]\nuri = '{blank_clip}'\nname = 'whole'\n[outputs]\nsummary = 's.json'\n[log]\nquiet = true\n"
    )
    said = meshcast("run", "--config", "set/a.toml")
    assert (said.code, said.out) == (EXIT_WHOLE, "")
    streams = report(folder / "set" / "s.json")["streams"]
    assert {name: stream["frames"] for name, stream in streams.items()} == {"short": 2, "whole": 5}
    assert {name: stream["camera"]["source"] for name, stream in streams.items()} == {
        "short": "given",
        "whole": "assumed",
    }


def test_run_log_format_of_the_file_is_used(meshcast: Command, blank_clip: Path, folder: Path) -> None:
    (folder / "a.toml").write_text(f"[[source]]\nuri = '{blank_clip}'\n[log]\nformat = 'json'\n")
    said = meshcast("run", "--config", "a.toml")
    assert said.code == EXIT_WHOLE
    assert json.loads(said.err)["message"].startswith("5 frames in ")
