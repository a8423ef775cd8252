"""Cached graphs: found by their key, bounded in size, never from a file that another user can write."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference.compiled_cache import SWITCH, find_compiled, forget_compiled, keep_compiled
from engines.inference.plan_cache import Key, model_digest, pack

KEY = Key(
    model=model_digest(b"a model"),
    backend="openvino",
    version="2026.4",
    device="a processor",
    precision="bf16",
    shapes="1 x 3",
    settings='{"threads": 2}',
)
GRAPH = b"graph" * 100


@pytest.fixture(autouse=True)
def _switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH)


def test_find_compiled_returns_what_was_kept_for_the_user_alone(tmp_path: Path) -> None:
    assert find_compiled(KEY, "net", tmp_path / "new") is None
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path / "new")
    assert find_compiled(KEY, "net", tmp_path / "new") == GRAPH
    (file,) = (tmp_path / "new").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("field", ["model", "version", "device", "precision", "shapes", "settings"])
def test_find_compiled_of_another_key_finds_nothing(tmp_path: Path, field: str) -> None:
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path)
    assert find_compiled(replace(KEY, **{field: "f" * 64}), "net", tmp_path) is None


@pytest.mark.parametrize(
    "data",
    [b"", pack(KEY, GRAPH)[:-1], pack(KEY, GRAPH)[:-1] + b"!", pack(replace(KEY, settings="other"), GRAPH)],
    ids=["empty", "cut", "changed", "foreign"],
)
def test_find_compiled_damaged_or_foreign_file_is_deleted(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / KEY.file_name
    path.write_bytes(data)
    path.chmod(0o600)
    assert find_compiled(KEY, "net", tmp_path) is None
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_find_compiled_file_that_others_can_write_is_not_used(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path)
    (tmp_path / KEY.file_name).chmod(mode)
    assert find_compiled(KEY, "net", tmp_path) is None
    assert "may be written by other users; it is not used" in caplog.text
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path)
    assert find_compiled(KEY, "net", tmp_path) == GRAPH


def test_find_compiled_file_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert find_compiled(KEY, "net", tmp_path) is None


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_find_compiled_what_is_no_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / KEY.file_name
    if kind == "link":
        keep_compiled(KEY, "net", lambda: GRAPH, tmp_path)
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    else:
        path.mkdir()
    assert find_compiled(KEY, "net", tmp_path) is None


def test_keep_compiled_deletes_the_graphs_used_longest_ago(tmp_path: Path) -> None:
    keys = [replace(KEY, shapes=str(index)) for index in range(3)]
    plan = tmp_path / "tensorrt-0-0.plan"
    plan.write_bytes(bytes(5000))
    for age, key in enumerate(keys[:2]):
        keep_compiled(key, "net", lambda: bytes(1000), tmp_path, 3500)
        os.utime(tmp_path / key.file_name, (age + 1, age + 1))
    assert find_compiled(keys[0], "net", tmp_path) is not None  # used now: the second is older
    keep_compiled(keys[2], "net", lambda: bytes(1000), tmp_path, 3500)
    assert [find_compiled(key, "net", tmp_path) is not None for key in keys] == [True, False, True]
    assert plan.exists()


def test_keep_compiled_graph_above_the_limit_is_not_kept(tmp_path: Path) -> None:
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path, len(GRAPH))
    assert not list(tmp_path.iterdir())


def test_keep_compiled_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.replace", full)
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path)
    assert not list(tmp_path.iterdir())


def test_compiled_cache_switched_off_reads_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_compiled(KEY, "net", lambda: GRAPH, tmp_path)
    monkeypatch.setenv(SWITCH, "off")
    assert find_compiled(KEY, "net", tmp_path) is None
    keep_compiled(replace(KEY, shapes="other"), "net", lambda: pytest.fail("the graph was exported"), tmp_path)
    forget_compiled(KEY, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
