"""The package meshcast: old module paths, and the pipeline behind `meshcast.stream`."""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

import meshcast
from meshcast import pipeline
from meshcast._moved import MOVED, RENAMED
from meshcast.errors import MeshcastError, PipelineMissingError


@pytest.mark.parametrize("old", sorted(MOVED))
def test_old_module_path_imports_with_a_deprecation_warning(old: str) -> None:
    sys.modules.pop(f"meshcast.{old}", None)
    with pytest.warns(
        DeprecationWarning, match=f"^meshcast.{old} is deprecated; import meshcast.{MOVED[old]} instead"
    ) as caught:
        module = importlib.import_module(f"meshcast.{old}")
    assert caught[0].filename == importlib.__file__  # the module that imports, not the finder
    new = importlib.import_module(f"meshcast.{MOVED[old]}")
    public = {name for name in vars(new) if not name.startswith("_")}
    assert public
    assert all(getattr(module, name) is getattr(new, name) for name in public)


@pytest.mark.parametrize(("old", "name"), [(old, name) for old, names in RENAMED.items() for name in names])
def test_old_name_of_an_old_module_is_the_new_object(old: str, name: str) -> None:
    sys.modules.pop(f"meshcast.{old}", None)
    with pytest.warns(DeprecationWarning, match="is deprecated"):
        module = importlib.import_module(f"meshcast.{old}")
    assert getattr(module, name) is getattr(importlib.import_module(f"meshcast.{MOVED[old]}"), RENAMED[old][name])


def test_old_module_path_as_an_attribute_works() -> None:
    sys.modules.pop("meshcast.axes", None)
    vars(meshcast).pop("axes", None)
    with pytest.warns(DeprecationWarning, match="is deprecated"):
        assert meshcast.axes.convert_frame is meshcast.convert_frame


def test_unknown_module_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("meshcast.axis")


@pytest.mark.parametrize("name", sorted(set(meshcast.__all__)))
def test_public_name_resolves(name: str) -> None:
    assert getattr(meshcast, name) is not None
    assert name in dir(meshcast)


def test_import_is_light_and_warns_of_nothing(tmp_path: Path) -> None:
    code = "import meshcast, sys; meshcast.WireError; print({'numpy', 'zmq'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_stream_runs_the_installed_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("stream", "tests.clients.test_python_package:fake_stream", pipeline.GROUP)
    monkeypatch.setattr(pipeline, "entry_points", lambda group: EntryPoints([point]).select(group=group))
    assert list(meshcast.stream("clip.mp4", fov_deg=60)) == [("clip.mp4", {"fov_deg": 60})]


def fake_stream(source: str, **options: object) -> list[tuple[object, object]]:
    return [(source, options)]


def test_stream_without_the_pipeline_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "entry_points", lambda group: EntryPoints([]))
    with pytest.raises(PipelineMissingError, match="only the client is installed; install the pipeline") as caught:
        meshcast.stream("clip.mp4")
    assert isinstance(caught.value, MeshcastError)
    assert isinstance(caught.value, ImportError)
    assert "\n" not in str(caught.value)
