"""Shards of rendered people: the same samples back, the same bytes again, and what is refused."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from engines.body.body import open_body
from engines.errors import ModelError
from engines.training.mixture import BrokenSampleError
from engines.training.rendered.shards import ShardedPeople, ShardPlan, shard_name, write_shards
from engines.training.sample import annotations_of
from tests.support.rendered import rendered_people

PLAN = ShardPlan(count=5, shard=2, held_out=False, poses=("sample",))


def written(folder: Path, plan: ShardPlan = PLAN, seed: int = 0, stop_after: int | None = None) -> int:
    done: list[int] = []
    stopped = (lambda: len(done) >= stop_after) if stop_after is not None else lambda: False
    return write_shards(rendered_people(size=48, seed=seed), plan, folder, done.append, stopped)


def test_shards_give_back_the_streamed_samples(tmp_path: Path) -> None:
    assert written(tmp_path) == 5
    stored = ShardedPeople(tmp_path, open_body())
    assert (len(stored), stored.size) == (5, 48)
    for number in range(5):
        sample, streamed = stored[number], rendered_people(size=48)[number]
        np.testing.assert_array_equal(sample.image, streamed.image)
        expected = annotations_of(streamed)
        assert annotations_of(sample).keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(getattr(sample, name), value, err_msg=name)
            assert getattr(sample, name).dtype == value.dtype


def test_shards_are_readable_as_webdataset(tmp_path: Path) -> None:
    written(tmp_path)
    with tarfile.open(tmp_path / shard_name(0)) as archive:
        assert archive.getnames() == ["00000000.jpg", "00000000.npz", "00000001.jpg", "00000001.npz"]


def test_shards_resume_writes_the_missing_ones_with_the_same_bytes(tmp_path: Path) -> None:
    written(tmp_path)
    bytes_before = {path.name: path.read_bytes() for path in tmp_path.glob("*.tar")}
    (tmp_path / shard_name(1)).unlink()
    with pytest.raises(ModelError, match="is missing; run the same"):
        ShardedPeople(tmp_path, open_body())
    assert written(tmp_path) == 2
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.tar")} == bytes_before


def test_shards_stopped_keep_complete_ones_only(tmp_path: Path) -> None:
    assert written(tmp_path, stop_after=4) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset.json", shard_name(0)]


@pytest.mark.parametrize(
    ("plan", "seed", "wrong"),
    [
        (ShardPlan(6, 2, False, ("sample",)), 0, "count"),
        (PLAN, 1, "seed"),
        (ShardPlan(5, 2, True, ("sample",)), 0, "split"),
    ],
)
def test_shards_of_another_data_set_are_not_mixed(tmp_path: Path, plan: ShardPlan, seed: int, wrong: str) -> None:
    written(tmp_path)
    with pytest.raises(ModelError, match=f"another {wrong}"):
        written(tmp_path, plan, seed)


def test_shard_with_damage_names_the_sample(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / shard_name(0)
    data = bytearray(path.read_bytes())
    data[600:700] = bytes(100)  # in the first image
    path.write_bytes(data)
    stored = ShardedPeople(tmp_path, open_body())
    with pytest.raises(BrokenSampleError, match="sample 0 cannot be read"):
        stored[0]
    assert stored[1].image.shape == (48, 48, 3)


def test_shards_in_random_order_read_each_index_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, ShardPlan(count=6, shard=1, held_out=False, poses=("sample",)))
    stored, opened = ShardedPeople(tmp_path, open_body()), []

    def counted(path: Path) -> tarfile.TarFile:
        opened.append(path.name)
        return tarfile.TarFile(path)

    monkeypatch.setattr("engines.training.rendered.shards.tarfile.open", counted)
    for number in (*range(6), *range(6)):
        assert stored[number].name == f"rendered {number}"
    assert sorted(opened) == [shard_name(shard) for shard in range(6)]


def test_shard_without_a_sample_names_it(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / shard_name(0)
    with tarfile.open(path) as archive:
        members = [(member, archive.extractfile(member)) for member in archive][:2]
        with tarfile.open(tmp_path / "new", "w") as shorter:
            for member, data in members:
                shorter.addfile(member, data)
    (tmp_path / "new").replace(path)
    stored = ShardedPeople(tmp_path, open_body())
    assert stored[0].image.shape == (48, 48, 3)
    with pytest.raises(BrokenSampleError, match="sample 1 cannot be read"):
        stored[1]


def test_shards_description_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"format": 9}))
    with pytest.raises(ModelError, match="not the description"):
        ShardedPeople(tmp_path, open_body())


def test_shards_of_a_full_disk_keep_what_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, stop_after=4)

    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engines.training.rendered.shards._add", full)
    with pytest.raises(ModelError, match=r"No space left on device.*complete shards are kept"):
        written(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset.json", shard_name(0)]
