"""Cached engine plans: built once, validated on load, failures are warnings."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import engines.inference.plan_cache
from engines.errors import ModelError
from engines.inference.plan_cache import Key, cached_plan, forget, model_digest, pack, plans_folder

KEY = Key(
    model=model_digest(b"a model"),
    backend="tensorrt",
    version="10.3.0",
    device="NVIDIA Orin, 8.7",
    precision="fp16",
    shapes="3 x 256 x 256",
)


class Builder:
    """Counts how often a plan was built."""

    def __init__(self, plan: bytes = b"plan" * 1000) -> None:
        self.plan = plan
        self.built = 0

    def __call__(self) -> bytes:
        self.built += 1
        return self.plan


def test_cached_plan_is_built_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    build, folder = Builder(), tmp_path / "not" / "there"
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        assert cached_plan(KEY, "net", build, folder) == build.plan
        assert cached_plan(KEY, "net", build, folder) == build.plan
    assert build.built == 1
    assert caplog.messages == [
        "net: building a plan for tensorrt, NVIDIA Orin, 8.7, fp16; this takes up to some minutes, once"
    ]
    assert {path.suffix for path in folder.iterdir()} == {".plan", ".lock"}


@pytest.mark.parametrize("field", ["model", "backend", "version", "device", "precision", "shapes"])
def test_cached_plan_each_key_field_selects_another_plan(tmp_path: Path, field: str) -> None:
    other = replace(KEY, **{field: "f" * 64})
    cached_plan(KEY, "net", Builder(b"one"), tmp_path)
    assert cached_plan(other, "net", Builder(b"two"), tmp_path) == b"two"
    assert cached_plan(KEY, "net", Builder(b"three"), tmp_path) == b"one"


def test_plans_folder_default_is_in_the_user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert plans_folder() == tmp_path / "meshcast" / "plans"
    cached_plan(KEY, "net", Builder())
    assert (plans_folder() / KEY.file_name).is_file()


def damaged(whole: bytes) -> dict[str, bytes]:
    flipped = bytearray(whole)
    flipped[-7] ^= 1
    return {
        "damaged": bytes(flipped),
        "a plan": b"something else entirely",
        "damaged ": whole[: len(whole) // 2],
        "damaged  ": whole[:20],
        "a plan ": b"",
        "damaged   ": b"MESHPLAN" + (3).to_bytes(4, "little") + b"[1]",
        "of format 2": whole.replace(b'"format": 1', b'"format": 2'),
        "for device NVIDIA Orin, 8.7": pack(replace(KEY, device="NVIDIA RTX 3090, 8.6"), b"plan"),
        "for version": pack(replace(KEY, version="10.1.0"), b"plan"),
    }


@pytest.mark.parametrize("reason", list(damaged(pack(KEY, b"plan"))))
def test_cached_plan_damaged_or_foreign_plan_is_rebuilt(
    tmp_path: Path, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    build = Builder()
    (tmp_path / KEY.file_name).write_bytes(damaged(pack(KEY, build.plan))[reason])
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        assert cached_plan(KEY, "net", build, tmp_path) == build.plan
        assert cached_plan(KEY, "net", build, tmp_path) == build.plan
    assert build.built == 1
    said = [message for message in caplog.messages if "built again" in message]
    assert len(said) == 1
    assert reason.split()[0] in said[0]


def test_cached_plan_foreign_plan_warning_names_its_gpu(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / KEY.file_name).write_bytes(pack(replace(KEY, device="NVIDIA RTX 3090, 8.6"), b"plan"))
    cached_plan(KEY, "net", Builder(), tmp_path)
    assert "is for device NVIDIA RTX 3090, 8.6, not NVIDIA Orin, 8.7; it is built again" in caplog.messages[0]


def test_forget_removes_the_cached_plan(tmp_path: Path) -> None:
    cached_plan(KEY, "net", Builder(b"old"), tmp_path)
    forget(KEY, tmp_path)
    assert cached_plan(KEY, "net", Builder(b"new"), tmp_path) == b"new"


def test_cached_plan_full_disk_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    build = Builder()
    monkeypatch.setattr("os.replace", full)
    assert cached_plan(KEY, "net", build, tmp_path) == build.plan
    assert any("cannot be cached (No space left on device); it is built at every start" in m for m in caplog.messages)
    monkeypatch.undo()
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]  # no half of a file
    cached_plan(KEY, "net", build, tmp_path)
    assert build.built == 2


def test_cached_plan_uncreatable_folder_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    build = Builder()
    for _ in range(2):
        assert cached_plan(KEY, "net", build, tmp_path / "file" / "plans") == build.plan
    assert build.built == 2
    assert any("the plan is built at every start" in message for message in caplog.messages)


def test_cached_plan_failed_build_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise ModelError("no")

    with pytest.raises(ModelError, match="no"):
        cached_plan(KEY, "net", fail, tmp_path)
    assert cached_plan(KEY, "net", Builder(b"then"), tmp_path) == b"then"


PROCESS = """
import sys
from pathlib import Path
from engines.inference.plan_cache import Key, cached_plan
folder = Path(sys.argv[1])
def build():
    sys.stdout.write("building\\n"); sys.stdout.flush()
    sys.stdin.readline()  # the other process is let in only now
    return b"plan of " + sys.argv[2].encode()
key = Key("m" * 64, "tensorrt", "10", "gpu", "fp16", "3")
sys.stdout.write(cached_plan(key, "net", build, folder).decode() + "\\n")
"""


def test_cached_plan_two_processes_build_one_plan(tmp_path: Path) -> None:
    def start(name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    first = start("first")
    assert first.stdout is not None
    assert first.stdout.readline() == "building\n"
    second = start("second")
    assert second.stderr is not None
    assert "waiting for it" in second.stderr.readline()
    assert first.communicate("\n")[0] == "plan of first\n"
    assert second.communicate()[0] == "plan of first\n"


def test_cached_plan_file_system_without_locks_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(engines.inference.plan_cache.fcntl, "flock", no_locks)
    build = Builder()
    assert cached_plan(KEY, "net", build, tmp_path) == build.plan
    assert cached_plan(KEY, "net", build, tmp_path) == build.plan
    assert build.built == 1
