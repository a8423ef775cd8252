"""`meshcast run` on an emulated GPU: the bodies of the CPU, and failures of the device."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge.models
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE
from edge.types import U8, Frame, Surface
from tests.support.commands import Command, CommandResult, load, report
from tests.support.emulated.machine import install, out_of_memory
from tests.support.emulated.runtime import Fault, Runtime
from tests.support.emulated.surfaces import SurfacePool

GPU = ("--device", "cuda:0", "--backend", "emulated", "--precision", "fp32")
CPU = ("--device", "cpu", "--backend", "openvino", "--precision", "fp32")
SAME = 1e-3  # m and px; batches of several cameras are other sums than single ones


class OnHost:
    """A session of a GPU that takes arrays of the host only."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.backend, self.device, self.precision = session.backend, session.device, session.precision

    def __call__(self, *inputs: Any) -> Any:
        return self._session(*inputs)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """An emulated GPU, of which no memory and no thread is left after the run."""
    runtime, before = Runtime(seed=1), set(threading.enumerate())
    install(monkeypatch, runtime)
    yield runtime
    assert runtime.checker.hazards == []
    assert runtime.lost or not runtime.used.get("cuda:0")
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("meshcast")]


def saved(meshcast: Command, clips: list[Path], folder: Path, *options: str | Path) -> CommandResult:
    folder.mkdir()
    return meshcast("run", *clips, "--save", folder / "{stream}.npz", "--summary", folder / "s.json", *options)


@pytest.mark.parametrize("cameras", [1, 3])
def test_run_on_gpu_saves_the_bodies_of_the_cpu(
    cameras: int, meshcast: Command, runtime: Runtime, person_clip: Path, tmp_path: Path
) -> None:
    clips = [person_clip] * cameras
    short = ("--max-frames", "6")
    assert saved(meshcast, clips, tmp_path / "cpu", *CPU, *short).code == EXIT_WHOLE
    said = saved(meshcast, clips, tmp_path / "gpu", *GPU, *short)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    names = ["person"] if cameras == 1 else [f"person-{number}" for number in range(1, cameras + 1)]
    for name in names:
        expected, found = (load(tmp_path / device / f"{name}.npz") for device in ("cpu", "gpu"))
        np.testing.assert_array_equal(found["id"], expected["id"])
        assert len(expected["id"]) >= 6
        for array in ("vertices", "joints", "keypoints"):
            np.testing.assert_allclose(found[array], expected[array], atol=SAME)
    summary = report(tmp_path / "gpu" / "s.json")
    streams = summary["streams"].values() if cameras > 1 else [summary]
    for stream in streams:
        assert {"upload", "gpu crops", "gpu pose engine", "gpu skinning"} <= set(stream["stages_ms"])
        assert stream["gpu_per_frame"]["host_waits"] < 6
        assert stream["gpu_per_frame"]["bytes"] > 640 * 360 * 3
    assert runtime.counts["pose engine"] >= 6 * cameras


def test_run_on_gpu_without_a_subscriber_makes_no_surfaces(
    meshcast: Command, runtime: Runtime, person_clip: Path
) -> None:
    said = meshcast("run", person_clip, "--publish", "tcp://127.0.0.1:0", "--max-frames", "4", *GPU)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert runtime.counts["mesh engine"] >= 3
    assert runtime.counts["skinning"] == runtime.counts["skinning to levels"] == 0


class Release:
    """Gives a surface back when it is called, or like FFmpeg's when it is collected; that is then done by `close`."""

    def __init__(self, release: Callable[[], None], collected: list[Callable[[], None]]) -> None:
        self._release, self._collected = [release], collected

    def __call__(self) -> None:
        self._release.pop()()

    def __del__(self) -> None:
        self._collected += self._release


class Decoder:
    """A decoder on the GPU that has some surfaces; made with the first frame."""

    def __init__(self, runtime: Runtime, surfaces: int) -> None:
        self._runtime, self._surfaces = runtime, surfaces
        self.pool: SurfacePool | None = None
        self.in_use: Surface | None = None
        self._collected: list[Callable[[], None]] = []

    def surface_of(self, frame: Any, device: str) -> Surface:
        image = frame.reformat(format="bgr24").to_ndarray()
        if self.pool is None:
            self.pool = SurfacePool(self._runtime, self._surfaces, (frame.width, frame.height), device)
            if self._surfaces == 1:
                self.in_use = self._of(image)
        return self._of(image)

    def close(self) -> None:
        assert self.pool is not None
        if self.in_use is not None:
            self.in_use.release()
        gc.collect()
        for release in self._collected:
            release()
        assert self.pool.used == 0
        self.pool.close()

    def _of(self, image: U8) -> Surface:
        assert self.pool is not None
        found = self.pool.frame(Frame("person", 0, 0, 0.0, image)).surface
        assert found is not None
        return replace(found, release=Release(found.release, self._collected))


@pytest.fixture
def decoder(request: pytest.FixtureRequest, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoder]:
    made = Decoder(runtime, getattr(request, "param", 12))
    monkeypatch.setattr("edge.sources.demuxer.hwaccel", lambda device: None)
    monkeypatch.setattr("edge.sources.hardware.surface_of", made.surface_of)
    yield made
    made.close()


def test_run_on_gpu_reads_the_surfaces_of_a_decoder(
    meshcast: Command, runtime: Runtime, decoder: Decoder, person_clip: Path, tmp_path: Path
) -> None:
    said = saved(meshcast, [person_clip], tmp_path / "out", "--decode", "gpu", "--max-frames", "6", *GPU)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert runtime.counts["image to BGR"] >= 6
    assert len(load(tmp_path / "out" / "person.npz")["id"]) >= 6


BESIDE = "synthetic:?people=1&frames=4&size=320x240"  # its images are made on the host


def test_run_on_gpu_with_images_of_the_host_beside_those_of_a_decoder(
    meshcast: Command, runtime: Runtime, decoder: Decoder, person_clip: Path, tmp_path: Path
) -> None:
    both = [person_clip, BESIDE]
    said = saved(meshcast, both, tmp_path / "out", "--decode", "gpu", "--max-frames", "4", *GPU)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert runtime.counts["image to BGR"] >= 4
    assert [load(tmp_path / "out" / f"{name}.npz")["frames"].item() for name in ("person", "synthetic")] == [4, 4]


@pytest.mark.parametrize("decoder", [1], indirect=True)
def test_run_on_gpu_whose_decoder_has_no_free_surface_keeps_the_other_stream(
    meshcast: Command, runtime: Runtime, decoder: Decoder, person_clip: Path, tmp_path: Path
) -> None:
    both = [person_clip, BESIDE]
    said = saved(meshcast, both, tmp_path / "out", "--decode", "gpu", "--max-frames", "4", *GPU)
    assert said.code == EXIT_PARTIAL
    assert len([line for line in said.errors if "surfaces of its decoder are in use" in line]) == 1
    assert load(tmp_path / "out" / "synthetic.npz")["frames"].item() == 4


def test_run_decoding_on_a_gpu_without_models_there_is_one_line(meshcast: Command, person_clip: Path) -> None:
    said = meshcast("run", person_clip, "--decode", "gpu", *CPU)
    assert said.code == EXIT_INPUT
    assert said.errors == [
        "meshcast: --decode gpu: the models do not run on a GPU's streams, which read its images; leave it out"
    ]


def test_run_on_gpu_that_is_lost_ends_with_one_line(
    meshcast: Command, runtime: Runtime, person_clip: Path, tmp_path: Path
) -> None:
    runtime.faults = [Fault("pose engine", 5, RuntimeError(), late=True)]
    said = saved(meshcast, [person_clip], tmp_path / "out", *GPU)
    assert said.code == EXIT_PARTIAL
    assert len(said.errors) == 2
    assert "cuda:0 was lost" in said.errors[0]
    assert said.errors[1] == "meshcast: partial output was kept"
    assert 1 <= report(tmp_path / "out" / "s.json")["frames"] < 12


def test_run_on_gpu_without_memory_names_it(meshcast: Command, runtime: Runtime, person_clip: Path) -> None:
    runtime.limit = 1 << 20
    said = meshcast("run", person_clip, *GPU)
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "not enough memory" in said.errors[0]


def test_run_with_a_frame_that_does_not_fit_leaves_it_out(
    meshcast: Command, runtime: Runtime, person_clip: Path, tmp_path: Path
) -> None:
    runtime.faults = [Fault("skinning", 3, out_of_memory("skinning"), times=1)]
    said = saved(meshcast, [person_clip], tmp_path / "out", *GPU)
    assert said.code == EXIT_PARTIAL
    assert report(tmp_path / "out" / "s.json")["frames"] == 11
    assert [line for line in said.errors if "not enough memory" in line]


def test_run_on_gpu_without_enqueuing_engines_says_so_once(
    meshcast: Command,
    engines: Any,
    runtime: Runtime,
    person_clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(edge.models, "open_session", lambda card, **options: OnHost(engines(card, **options)))
    said = saved(meshcast, [person_clip, person_clip], tmp_path / "out", *GPU)
    assert said.code == EXIT_WHOLE
    assert len([line for line in said.errors if "cannot be enqueued on its streams" in line]) == 1
    assert runtime.counts["launches"] == 0
