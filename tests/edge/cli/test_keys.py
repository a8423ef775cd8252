"""`meshcast keys`, and the options that protect a stream."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.cli.main import main
from edge.cli.options import add_client_curve_options, add_server_curve_options, curve_from, security_from
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE, UsageError
from edge.wire.curve_auth import Security
from edge.wire.keys import new_keys
from meshcast.errors import KeyFileError
from meshcast.transport.curve import Curve, read_keys, read_public


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_keys_new_writes_pair_and_prints_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "new", "server"]) == EXIT_WHOLE
    said = capsys.readouterr().out
    assert said.startswith("wrote server.key (secret) and server.pub (public)\n")
    assert "--curve server.key --allow clients/" in said
    assert "--curve server.key --server server.pub" in said
    assert "copy only .pub files" in said
    assert read_keys("server.key").secret.decode() not in said
    assert sorted(path.name for path in folder.iterdir()) == ["server.key", "server.pub"]


@pytest.mark.parametrize("file", ["server.key", "server.pub"])
def test_keys_show_prints_the_public_key(file: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_keys(folder / "server")
    assert main(["keys", "show", file]) == EXIT_WHOLE
    assert capsys.readouterr().out == f"{read_keys('server.key').public.decode()}\n"


def test_keys_new_folder_with_space_is_quoted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "my keys").mkdir()
    assert main(["keys", "new", "phone", "--folder", "my keys"]) == EXIT_WHOLE
    assert "--curve 'my keys/phone.key'" in capsys.readouterr().out


def test_keys_new_existing_file_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_keys(folder / "phone")
    before = (folder / "phone.key").read_bytes()
    assert main(["keys", "new", "phone"]) == EXIT_INPUT
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "meshcast: phone.key: exists already and is kept; choose another name\n")
    assert (folder / "phone.key").read_bytes() == before


def test_keys_new_missing_folder_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "new", "phone", "--folder", "none"]) == EXIT_INPUT
    assert capsys.readouterr().err == "meshcast: none/phone.key: the folder none does not exist; make it first\n"


@pytest.mark.parametrize("name", ["", "../a", "a/b", "-a", ".a", "a b", "a\n", 'a"', "server.key", "server.pub"])
def test_keys_new_invalid_name_is_usage_error(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "new", name]) == EXIT_USAGE
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not list(folder.iterdir())


def test_keys_show_invalid_file_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.key").write_text("hello")
    assert main(["keys", "show", "a.key"]) == EXIT_INPUT
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("meshcast: a.key: not a key file, or damaged")


def test_keys_without_command_is_usage_error() -> None:
    assert main(["keys"]) == EXIT_USAGE


def server(*words: str) -> Security:
    parser = argparse.ArgumentParser()
    add_server_curve_options(parser)
    return security_from(parser.parse_args(words))


def client(*words: str) -> Curve | None:
    parser = argparse.ArgumentParser()
    add_client_curve_options(parser)
    return curve_from(parser.parse_args(words))


def test_security_from_options_reads_keys(folder: Path) -> None:
    new_keys(folder / "server")
    keys = read_keys("server.key")
    assert server() == Security(None, None, False)
    assert server("--insecure") == Security(None, None, True)
    assert server("--curve", "server.key", "--allow", "clients") == Security(keys, Path("clients"), False)


def test_curve_from_options_reads_keys(folder: Path) -> None:
    new_keys(folder / "server")
    new_keys(folder / "phone")
    assert client() is None
    made = client("--curve", "phone.key", "--server", "server.pub")
    assert made == Curve(read_keys("phone.key"), read_public("server.pub"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--curve", "server.key"], "--curve: needs .* add --allow FOLDER"),
        (["--allow", "clients"], "--allow: needs .* add --curve SERVER.key"),
        (["--allow", "clients", "--insecure"], "--allow: needs .* add --curve SERVER.key"),
        (["--curve", "server.key", "--allow", "clients", "--insecure"], "--insecure: contradicts --curve"),
    ],
)
def test_security_from_incomplete_options_names_missing_option(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        server(*words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--curve", "phone.key"], "--curve: needs .* add --server SERVER.pub"),
        (["--server", "server.pub"], "--server: needs .* add --curve CLIENT.key"),
    ],
)
def test_curve_from_incomplete_options_names_missing_option(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        client(*words)


def test_options_invalid_key_file_is_error(folder: Path) -> None:
    new_keys(folder / "server")
    with pytest.raises(KeyFileError, match=r"none\.key: there is no such file"):
        server("--curve", "none.key", "--allow", "clients")
    with pytest.raises(KeyFileError, match=r"server\.pub: holds a public key only"):
        server("--curve", "server.pub", "--allow", "clients")
    with pytest.raises(KeyFileError, match=r"none\.pub: there is no such file"):
        client("--curve", "server.key", "--server", "none.pub")
