"""The manifest survives crashes and refuses other files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.batch.executor import WrittenFile
from edge.batch.manifest import NAME, Manifest, Record, differences
from edge.errors import OutputError

FILES = (WrittenFile(".npz", 3, "ab", 5),)
DONE = Record("day/a", "done", "/v/day/a\udce9.mp4", 10, 20, FILES, 1, {"frames": 7})


def begun(folder: Path) -> Manifest:
    manifest = Manifest(folder)
    manifest.begin({"mesh": "m"}, [])
    return manifest


def test_manifest_records_are_read_again(tmp_path: Path) -> None:
    manifest = begun(tmp_path)
    manifest.add(Record("b", "started", "/v/b.mp4", 1, 2))
    manifest.add(Record("b", "failed", "/v/b.mp4", 1, 2, attempts=3))
    manifest.add(DONE)
    manifest.close()
    again = Manifest(tmp_path)
    assert again.settings == {"mesh": "m"}
    assert again.records == {"day/a": DONE, "b": Record("b", "failed", "/v/b.mp4", 1, 2, attempts=3)}
    lines = (tmp_path / NAME).read_text().splitlines()
    assert [json.loads(line).get("name") for line in lines] == [None, "b", "day/a"]


def test_manifest_line_cut_by_crash_is_left_out(tmp_path: Path) -> None:
    manifest = begun(tmp_path)
    manifest.add(DONE)
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"name": "c", "state": "do')
    assert Manifest(tmp_path).records == {"day/a": DONE}


@pytest.mark.parametrize("line", ["[]", "{}", '"x"', '{"name": 1, "state": "done"}', DONE.line().decode() + "\0"])
def test_manifest_damaged_line_is_left_out(tmp_path: Path, line: str) -> None:
    begun(tmp_path).close()
    with (tmp_path / NAME).open("a") as file:
        file.write(f"{line}\n")
        file.write(DONE.line().decode())
    assert set(Manifest(tmp_path).records) == {"day/a"}


def test_manifest_begin_marks_videos_that_are_done_again(tmp_path: Path) -> None:
    manifest = begun(tmp_path)
    manifest.add(DONE)
    manifest.begin({"mesh": "n"}, ["day/a"])
    record = Manifest(tmp_path).records["day/a"]
    assert (record.state, record.files) == ("started", FILES)


@pytest.mark.parametrize("content", ["", "{}\n", "not json\n", '{"meshcast_batch": 2, "settings": {}}\n'])
def test_manifest_of_another_kind_raises(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(OutputError, match=r"not a manifest of this version; choose another --out"):
        Manifest(tmp_path)
    assert (tmp_path / NAME).read_text() == content


def test_differences_name_nested_keys() -> None:
    old = {"axes": "unity", "models": {"mesh": {"name": "a"}}, "fov": None}
    new = {"axes": "unity", "models": {"mesh": {"name": "b"}}, "fov": None}
    assert differences(old, old) == []
    assert differences(old, new) == ["models.mesh.name: a, now b"]
