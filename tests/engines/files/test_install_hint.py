"""Commands in messages: they work from a clone and from a wheel."""

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


def test_a_clone_is_named_by_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clone = tmp_path / "my clone"
    clone.mkdir()
    (clone / "pyproject.toml").touch()
    installed_as(monkeypatch, {"url": clone.as_uri(), "dir_info": {"editable": True}})
    assert install_hint("onnxruntime") == f"{sys.executable} -m pip install -e '{clone}[onnxruntime]'"


@pytest.mark.parametrize("record", [None, {"url": "file:///x/meshcast.whl", "archive_info": {}}, {"dir_info": {}}, []])
def test_a_wheel_is_named_by_the_package(monkeypatch: pytest.MonkeyPatch, record: object) -> None:
    installed_as(monkeypatch, record)
    assert install_hint("onnxruntime") == f"{sys.executable} -m pip install 'meshcast[onnxruntime]'"


def test_a_clone_that_is_gone_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed_as(monkeypatch, {"url": (tmp_path / "gone").as_uri(), "dir_info": {"editable": True}})
    assert "'meshcast[cuda]'" in install_hint("cuda")


@pytest.mark.parametrize(("extra", "said"), [("train", True), ("export", True), ("torch", True), ("cuda", False)])
def test_extras_with_torch_say_how_to_get_it_without_cuda(extra: str, said: bool) -> None:
    assert ("torch --index-url https://download.pytorch.org/whl/cpu" in install_hint(extra)) is said
    assert "\n" not in install_hint(extra)


def test_python_below_the_current_folder_is_named_from_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    assert install_hint("cuda").startswith(".venv/bin/python -m pip install ")
