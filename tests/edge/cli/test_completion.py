"""Completion scripts, run in real shells."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.cli.completion import SHELLS
from edge.cli.completion_scripts import SCRIPTS
from edge.cli.completion_spec import commands_in
from edge.cli.main import main, parser
from edge.cli.parser import commands_of
from edge.errors import EXIT_USAGE, EXIT_WHOLE


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == EXIT_WHOLE
    return capsys.readouterr().out


def offered_in_bash(script: Path, *words: str) -> list[str]:
    """What bash offers for the last word of a line; bash splits words at =."""
    split = [part for word in words for part in re.split(r"(=)", word) if part or word == ""]
    code = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _meshcast; '
        '[[ ${#COMPREPLY[@]} == 0 ]] || printf "%s\\n" "${COMPREPLY[@]}"'
    )
    words_of = ["bash", "--norc", "-c", code, "bash", str(script), "meshcast", *split]
    return subprocess.run(words_of, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ru"], ["run"]),
        (["models", "ex"], ["export"]),
        (["calibrate", ""], ["camera", "floor", "rig", "int8"]),
        (["-v", "config", ""], ["init", "check", "show", "reload"]),
        (["run", "--axes", ""], ["opencv", "unity", "unreal", "gltf"]),
        (["run", "--axes", "un"], ["unity", "unreal"]),
        (["run", "--axes=un"], ["unity", "unreal"]),
        (["run", "--axes="], ["opencv", "unity", "unreal", "gltf"]),
        (["run", "clip.mp4", "--det"], ["--detector", "--detect-every"]),
        (["run", "--no"], ["--no-open", "--no-smooth"]),
        (["--log-format", "json", "doct"], ["doctor"]),
        (["--log"], ["--log-format"]),
        (["completion", "z"], ["zsh"]),
        (["run", "--camera", "x"], []),  # bash completes file names
        (["run", "clip"], []),
        (["run", "models", "sh"], []),  # a file called models, not the command
    ],
)
def test_bash_completion_offers_what_can_follow(
    words: list[str], expected: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "meshcast.bash"
    file.write_text(script("bash", capsys))
    assert offered_in_bash(file, *words) == expected


def test_bash_completion_offers_all_commands_and_is_registered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "meshcast.bash"
    file.write_text(script("bash", capsys))
    names = {command.prog.removeprefix("meshcast ") for command in commands_of(parser())}
    assert set(offered_in_bash(file, "")) == {name for name in names if " " not in name}
    done = subprocess.run(
        ["bash", "--norc", "-c", f"source '{file}'; complete -p meshcast"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "complete -o bashdefault -o default -F _meshcast meshcast\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_script_names_every_command_and_option(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(shell, capsys)
    for command in commands_in(parser()):
        assert f'"{command.path}"' in text
        for name in (name for option in command.options for name in option.names):
            spelled = name if shell != "fish" else f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
            assert spelled in text
    assert "SUPPRESS" not in text
    assert "--no-loop" not in text  # hidden


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_script_is_valid_in_its_shell(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    file = tmp_path / "script"
    file.write_text(script(shell, capsys))
    done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_completion_offers_what_can_follow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    file = tmp_path / "meshcast.fish"
    file.write_text(script("fish", capsys))
    for line, expected in (
        ("meshcast mod", ["models"]),
        ("meshcast run --axes un", ["unity", "unreal"]),
        ("meshcast -v config ", ["check", "init", "show"]),
    ):
        code = f"source {file}; complete -C '{line}'"
        done = subprocess.run(["fish", "--no-config", "-c", code], capture_output=True, text=True, check=True)
        assert [offer.partition("\t")[0] for offer in done.stdout.splitlines()] == expected


def test_scripts_exist_for_all_shells_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(SCRIPTS) == set(SHELLS)
    assert main(["completion", "fsh"]) == EXIT_USAGE
    assert "'fsh' is not a valid choice; did you mean fish?" in capsys.readouterr().err
