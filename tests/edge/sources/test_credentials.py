"""Credentials from a file or the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import SourceError
from edge.sources.credentials import Credentials, Login, find_credentials, read_credentials

TABLE = """
["camera.example"]
user = "admin"
password = "p@ss/w#rd?"
["10.0.0.7:8554"]
user = "viewer"
password = "eight"
["10.0.0.7"]
user = "viewer"
password = "any"
["[fd00::7]:554"]
user = "six"
password = "v6"
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.toml"
    path.write_text(TABLE)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("rtsp://camera.example/a", "rtsp://admin:p%40ss%2Fw%23rd%3F@camera.example/a"),
        ("rtsp://CAMERA.example:554/a", "rtsp://admin:p%40ss%2Fw%23rd%3F@CAMERA.example:554/a"),
        ("http://admin@camera.example/a", "http://admin:p%40ss%2Fw%23rd%3F@camera.example/a"),
        ("http://other@camera.example/a", "http://other@camera.example/a"),
        ("rtsp://a:own@camera.example/a", "rtsp://a:own@camera.example/a"),
        ("rtsp://10.0.0.7:8554/a", "rtsp://viewer:eight@10.0.0.7:8554/a"),
        ("rtsp://10.0.0.7/a", "rtsp://viewer:any@10.0.0.7/a"),
        ("rtsps://[fd00::7]:554/a", "rtsps://six:v6@[fd00::7]:554/a"),
        ("rtsp://elsewhere/a", "rtsp://elsewhere/a"),
        ("tcp://camera.example:9000", "tcp://camera.example:9000"),
    ],
)
def test_credentials_applied_adds_the_login_of_the_host(table: Path, url: str, filled: str) -> None:
    result, secrets = find_credentials(table, {}).applied(url)
    assert result == filled
    assert bool(secrets) is (url != filled)


def test_credentials_from_environment_apply_to_hosts_outside_the_table(table: Path) -> None:
    environment = {"MESHCAST_CREDENTIALS": str(table), "MESHCAST_USER": "me", "MESHCAST_PASSWORD": "mine"}
    found = find_credentials(None, environment)
    assert found.applied("rtsp://elsewhere/a")[0] == "rtsp://me:mine@elsewhere/a"
    assert found.applied("rtsp://10.0.0.7/a")[0] == "rtsp://viewer:any@10.0.0.7/a"
    only = find_credentials(None, {"MESHCAST_PASSWORD": "mine"})
    assert only.applied("rtsp://you@elsewhere/a")[0] == "rtsp://you:mine@elsewhere/a"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_read_credentials_file_readable_by_others_raises(table: Path, mode: int) -> None:
    table.chmod(mode)
    with pytest.raises(SourceError, match=r"chmod 600"):
        read_credentials(table)


@pytest.mark.parametrize(
    "text",
    [
        "user = 's3cret",
        "user = 's3cret'",
        "[camera.example]\nuser = 's3cret'\npassword = 's3cret'",
        "['a']\nuser = 's3cret'",
        "['a']\nuser = 's3cret'\npassword = 5",
        "['a']\nuser = 's3cret'\npassword = 'x'\nextra = 's3cret'",
        "a = " + "[" * 100_000,
    ],
)
def test_read_credentials_invalid_file_error_has_no_password(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SourceError) as caught:
        read_credentials(path)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_read_credentials_missing_file_or_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_credentials(tmp_path / "nothing.toml")
    with pytest.raises(SourceError, match=r"is a directory|is no file"):
        read_credentials(tmp_path)


def test_credentials_repr_has_no_password() -> None:
    login = Login("me", "s3cret")
    assert "s3cret" not in repr(login)
    assert "s3cret" not in repr(Credentials({"host": login}, login))
