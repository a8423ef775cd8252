"""Animations of a recording: errors, budgets and damaged recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import OutputError, RecordingError
from edge.recording.export.animation import read_animations, read_people
from edge.recording.export.scene import scene_of
from edge.recording.mcap_file import Recording
from engines.errors import UnknownNameError
from engines.files.memory_budget import MemoryBudget
from tests.support.exports import COMING_AND_GOING, record
from tests.support.recordings import EACH_MESSAGE


def test_export_truncated_recording_is_exported(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0]] * 20, flush_s=EACH_MESSAGE)
    whole = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "a.mcap.part").write_bytes(whole[: len(whole) // 2])
    (person,) = read_animations(Recording(tmp_path / "a.mcap.part"))
    assert 2 < len(person.times) < 18


def test_export_oversized_animation_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.recording.export.bvh import write_bvh
    from edge.recording.export.gltf import write_glb

    record(tmp_path / "a.mcap", [[0]] * 3)
    scene = scene_of(read_people(Recording(tmp_path / "a.mcap")), None)
    monkeypatch.setattr("edge.recording.export.curves.MAX_FRAMES", 2)
    with pytest.raises(OutputError, match="are too long; export a shorter recording"):
        write_bvh(tmp_path / "a.bvh", scene.people[0])
    monkeypatch.setattr("edge.recording.export.glb.MAX_BYTES", 1000)
    with pytest.raises(OutputError, match="export fewer people"):
        write_glb(tmp_path / "a.glb", scene)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_read_animations_errors_have_their_types(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", COMING_AND_GOING)
    with pytest.raises(UnknownNameError):
        read_animations(Recording(tmp_path / "a.mcap"), person="9")
    with pytest.raises(RecordingError):
        read_animations(Recording(tmp_path / "none.mcap"))


def test_read_animations_beyond_memory_budget_raises(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0]] * 40)
    large = MemoryBudget(64 << 20)
    (person,) = read_animations(Recording(tmp_path / "a.mcap", large))
    assert len(person.times) == 40
    assert large.used_bytes > sum(values.nbytes for values in (person.quaternions, person.translation, person.times))
    with pytest.raises(RecordingError, match=r"a\.mcap: the people in it: reading it takes"):
        read_animations(Recording(tmp_path / "a.mcap", MemoryBudget(large.used_bytes - 1)))
