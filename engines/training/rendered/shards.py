"""Rendered people as tar shards in the layout of WebDataset, written atomically one by one, and read back.

A sample is NUMBER.jpg and NUMBER.npz with its annotations. Vertices are skinned from rotations and shape when a sample
is read, with the body that `dataset.json` names by its digest.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.select import digest
from engines.body.skinning import Skinner
from engines.errors import ModelError
from engines.files.atomic import AtomicFile, write_atomically
from engines.files.regular_file import read_file
from engines.training.mixture import BrokenSampleError
from engines.training.rendered.people import SHAPES, UV_STEPS, EncodedSample, RenderedPeople
from engines.training.rendered.sensor import decoded
from engines.training.sample import Sample

I64 = NDArray[np.int64]

FORMAT = 1
INDEX = "dataset.json"
TAR_BLOCK = 512  # bytes of a member's header
LARGEST_INDEX, LARGEST_MEMBER = 1 << 16, 1 << 26  # bytes
STORED = ("K", "points_2d", "points_3d", "rotations", "shape", "parts", "silhouette", "occluded", "root")


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """What is written: `count` samples in shards of `shard` each, named `people-NNNNNN.tar`. poses: names of the pose
    files, which belong to the description of the data."""

    count: int
    shard: int
    held_out: bool
    poses: tuple[str, ...]

    @property
    def shards(self) -> int:
        return -(-self.count // self.shard)


def write_shards(
    people: RenderedPeople, plan: ShardPlan, out: Path, on_sample: Callable[[int], None], stopped: Callable[[], bool]
) -> int:
    """Writes the shards that do not exist yet; returns the number of new samples.

    `on_sample` receives the number of samples that are done, existing ones included. When `stopped` returns true, the
    unfinished shard is removed and the complete ones stay. Raises ModelError when the folder holds another data set or
    cannot be written.
    """
    about = _describe(people, plan)
    try:
        out.mkdir(parents=True, exist_ok=True)
        _claim(out / INDEX, about)
        new = 0
        for shard in range(plan.shards):
            numbers = range(shard * plan.shard, min((shard + 1) * plan.shard, plan.count))
            path = out / shard_name(shard)
            if not path.exists():
                if not _write_shard(people, numbers, path, on_sample, stopped):
                    return new
                new += len(numbers)
            on_sample(numbers.stop)
    except OSError as error:
        raise ModelError(
            f"{out}: cannot be written ({error.strerror}); complete shards are kept, run the same command again"
        ) from None
    return new


def shard_name(shard: int) -> str:
    """The file name of a shard."""
    return f"people-{shard:06d}.tar"


def _describe(people: RenderedPeople, plan: ShardPlan) -> dict[str, Any]:
    config = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(people.config).items()}
    split = "test" if plan.held_out else "train"
    described = {
        "format": FORMAT,
        "split": split,
        "count": plan.count,
        "shard": plan.shard,
        "body": digest(people.body),
        "poses": list(plan.poses),
        "config": config,
    }
    same: dict[str, Any] = json.loads(json.dumps(described))
    return same


def _claim(path: Path, about: dict[str, Any]) -> None:
    """Writes the description, or compares it with that of the folder."""
    if not path.exists():
        write_atomically(path, json.dumps(about, indent=1).encode())
        return
    found = _read_index(path)
    wrong = next((key for key in about if found.get(key) != about[key]), None)
    if wrong == "config":
        there = found.get("config", {})
        wrong = next(key for key in about["config"] if there.get(key) != about["config"][key])
    if wrong is not None:
        raise ModelError(f"{path.parent}: holds a data set with another {wrong}; choose another --out")


def _write_shard(
    people: RenderedPeople, numbers: range, path: Path, on_sample: Callable[[int], None], stopped: Callable[[], bool]
) -> bool:
    with AtomicFile(path) as new:
        with tarfile.open(fileobj=new.file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for number in numbers:
                if stopped():
                    return False
                made = people.encoded(number)
                _add(archive, f"{number:08d}.jpg", made.jpeg)
                _add(archive, f"{number:08d}.npz", _packed(made))
                on_sample(number + 1)
        new.commit()
    return True


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # no times and no owner: the same seed writes the same bytes
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _packed(made: EncodedSample) -> bytes:
    sample, file = made.sample, io.BytesIO()
    arrays = {name: getattr(sample, name) for name in STORED}
    assert sample.uv is not None
    arrays["uv"] = np.round(sample.uv * UV_STEPS).astype(np.uint16)
    for name in ("silhouette", "occluded"):
        arrays[name] = np.packbits(arrays[name], axis=1)
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _read_index(path: Path) -> dict[str, Any]:
    data = read_file(path, ModelError, limit_bytes=LARGEST_INDEX)
    try:
        about = json.loads(data)
        if about["format"] != FORMAT or about["count"] < 1 or about["shard"] < 1:
            raise ValueError("an unknown format")
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: not the description of rendered people ({error})") from None
    return dict(about)


class ShardedPeople:
    """The samples of a folder that `write_shards` filled, by number.

    Raises ModelError when it is incomplete or was made with another body.
    """

    def __init__(self, folder: Path, body: Body) -> None:
        about = _read_index(folder / INDEX)
        if about["body"] != digest(body):
            raise ModelError(f"{folder}: was rendered from another body than {body.name}; choose that --body")
        self._folder, self._count, self._shard = folder, int(about["count"]), int(about["shard"])
        self.size = int(about["config"]["size"])
        missing = [
            shard for shard in range(-(-self._count // self._shard)) if not (folder / shard_name(shard)).exists()
        ]
        if missing:
            raise ModelError(
                f"{folder}: {shard_name(missing[0])} is missing; run the same `meshcast data render` again to finish it"
            )
        self._skin = Skinner(body, min(SHAPES, body.shape_dirs.shape[2]))
        self._shapes = min(SHAPES, body.shape_dirs.shape[2])
        self._places: dict[int, dict[str, I64]] = {}  # of the shards that were read

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Sample:
        """Raises BrokenSampleError when it is damaged."""
        shard, place = divmod(number, self._shard)
        path = self._folder / shard_name(shard)
        try:
            if shard not in self._places:
                self._places[shard] = _members(path, shard * self._shard, self._shard)
            places = self._places[shard]
            image = decoded(_part(path, places["jpg"][place]))
            if image is None:
                raise ValueError("the image cannot be decoded")
            with np.load(io.BytesIO(_part(path, places["npz"][place])), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in (*STORED, "uv")}
            return self._sample(number, image, arrays)
        except (OSError, KeyError, IndexError, ValueError, tarfile.TarError, EOFError) as error:
            reason = " ".join(str(error).split())[:100]
            raise BrokenSampleError(f"{path}: sample {number} cannot be read ({reason})") from None

    def _sample(self, number: int, image: NDArray[np.uint8], arrays: dict[str, Any]) -> Sample:
        side = image.shape[1]
        for name in ("silhouette", "occluded"):
            arrays[name] = np.unpackbits(arrays[name], axis=1, count=side).astype(np.bool_)
        arrays["uv"] = (arrays["uv"] / UV_STEPS).astype(np.float32)
        vertices, joints = self._skin(arrays["rotations"][None], arrays["shape"][None, : self._shapes])
        return Sample(image=image, name=f"rendered {number}", vertices=vertices[0] - joints[0, 0], **arrays)


def _members(path: Path, first: int, count: int) -> dict[str, I64]:
    """Offset and size (count, 2) in a shard of the files of the samples from number `first` on, by ending; -1 where
    one is missing. Arrays, because random access needs those of all shards of a large set."""
    count = min(count, path.stat().st_size // TAR_BLOCK)
    places = {ending: np.full((count, 2), -1, np.int64) for ending in ("jpg", "npz")}
    with tarfile.open(path) as archive:
        for member in archive:
            number, _, ending = member.name.partition(".")
            if ending in places and number.isdecimal() and first <= int(number) < first + count:
                places[ending][int(number) - first] = member.offset_data, member.size
    return places


def _part(path: Path, place: I64) -> bytes:
    offset, size = place.tolist()
    if offset < 0:
        raise ValueError("it is missing in the archive")
    if size > LARGEST_MEMBER:
        raise ValueError(f"a member of {size} bytes")
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)
