"""Installation commands in messages, for a clone and a wheel."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engines.files import install_hint as module
from engines.files.install_hint import install_hint


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing is remembered of this installation, and Python is not below the current folder."""
    monkeypatch.chdir(tmp_path)
    module._clone.cache_clear()
    yield
    module._clone.cache_clear()


def installed_as(monkeypatch: pytest.MonkeyPatch, record: object) -> None:
    text = None if record is None else json.dumps(record)
    monkeypatch.setattr(module, "distribution", lambda name: SimpleNamespace(read_text=lambda file: text))


def test_install_hint_editable_clone_names_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clone = tmp_path / "my clone"
    clone.mkdir()
    (clone / "pyproject.toml").touch()
    installed_as(monkeypatch, {"url": clone.as_uri(), "dir_info": {"editable": True}})
    assert install_hint("onnxruntime") == f"{sys.executable} -m pip install -e '{clone}[onnxruntime]'"


@pytest.mark.parametrize("record", [None, {"url": "file:///x/meshcast.whl", "archive_info": {}}, {"dir_info": {}}, []])
def test_install_hint_wheel_names_the_package(monkeypatch: pytest.MonkeyPatch, record: object) -> None:
    installed_as(monkeypatch, record)
    assert install_hint("onnxruntime") == f"{sys.executable} -m pip install 'meshcast[onnxruntime]'"


def test_install_hint_missing_clone_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed_as(monkeypatch, {"url": (tmp_path / "gone").as_uri(), "dir_info": {"editable": True}})
    assert "'meshcast[cuda]'" in install_hint("cuda")


@pytest.mark.parametrize(("extra", "said"), [("train", True), ("export", True), ("torch", True), ("cuda", False)])
def test_install_hint_extra_with_torch_names_the_cpu_index(extra: str, said: bool) -> None:
    assert ("torch --index-url https://download.pytorch.org/whl/cpu" in install_hint(extra)) is said
    assert "\n" not in install_hint(extra)


def test_install_hint_python_below_current_folder_is_relative(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    assert install_hint("cuda").startswith(".venv/bin/python -m pip install ")
