"""The choice of kernels: the fastest by made-up times, cached, overridden, and never a unit with other results."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engines.errors import ModelError, UnknownNameError
from engines.inference import kernel_choice
from engines.inference.kernel_choice import (
    AGREEMENT,
    SWITCH,
    KernelChoice,
    agrees,
    cached_kernels,
    choose_kernels,
    fastest,
    time_interleaved,
)
from engines.pose2mesh.arithmetic import ARITHMETICS, Arithmetic

JOINTS, VERTICES = 3, 5
NAMES = {arithmetic: name for name, arithmetic in ARITHMETICS.items()}


@pytest.fixture(autouse=True)
def native_without_amx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(kernel_choice, "NATIVE", True)
    monkeypatch.setattr(kernel_choice, "amx_refusal", lambda: "the processor or the system has no AMX with bfloat16")


@pytest.fixture
def amx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_choice, "amx_refusal", lambda: "")


class Networks:
    """Makes networks whose results are off by `errors` of an arithmetic, and remembers for which it was asked."""

    def __init__(self, **errors: float) -> None:
        self.errors = {"fp32": 0.0, "bf16": 1e-2, "amx": 1e-2, **errors}
        self.made: list[str] = []

    def __call__(self, arithmetic: Arithmetic) -> Any:
        name = NAMES[arithmetic]
        self.made.append(name)

        def run(x: np.ndarray, out: np.ndarray) -> None:
            out[:] = 1 + self.errors[name]

        return SimpleNamespace(lifter=run, mesh_net=run, vertex_count=VERTICES, together=4)


def timer(**times: tuple[float, float]) -> Callable[[Any], dict[str, list[float]]]:
    """Runs every call once, and says that they take these times."""

    def measure(calls: Any) -> dict[str, list[float]]:
        for row in calls.values():
            for call in row:
                call()
        return {name: list(times[name]) for name in calls}

    return measure


BF16_FASTER = timer(fp32=(2.0, 8.0), bf16=(1.0, 4.0), amx=(0.5, 2.0))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"fp32": (2, 8), "bf16": (1, 4)}, "bf16"),
        ({"fp32": (2, 8), "bf16": (2.4, 9)}, "fp32"),
        ({"fp32": (2, 8), "bf16": (1.95, 7.8)}, "fp32"),  # within noise
        ({"fp32": (2, 8), "bf16": (1, 8.5)}, "fp32"),  # slower for a batch
        ({"fp32": (2, 8), "bf16": (2.4, 9), "amx": (1, 4)}, "amx"),
        ({"fp32": (2, 8), "bf16": (1, 4), "amx": (0.98, 3.95)}, "bf16"),
        ({"fp32": (2, 8), "bf16": (1, 4), "amx": (1.1, 2)}, "amx"),  # less in the mean, slower than float32 nowhere
        ({"fp32": (2, 8)}, "fp32"),
    ],
)
def test_fastest_is_clearly_faster_and_never_slower_than_float32(times: dict[str, Any], expected: str) -> None:
    assert fastest(times) == expected


def test_time_interleaved_calls_every_candidate_in_turn() -> None:
    order: list[str] = []
    times = time_interleaved({name: [partial(order.append, name)] * 2 for name in ("fp32", "bf16")})
    assert order == ["fp32", "fp32", "bf16", "bf16"] * (len(order) // 4)
    assert {name: len(row) for name, row in times.items()} == {"fp32": 2, "bf16": 2}
    assert all(0 <= value < float("inf") for row in times.values() for value in row)


def test_choose_kernels_times_once_and_caches_the_choice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    networks = Networks()
    with caplog.at_level(logging.INFO, "meshcast.engines"):
        choice = choose_kernels(JOINTS, VERTICES, networks, tmp_path, BF16_FASTER)
    assert choice.chosen == {"lifter": "bf16", "mesh_net": "bf16"}
    assert choice.arithmetic("mesh_net") == Arithmetic(True)
    assert choice.times_ms["lifter"] == {"fp32": [2000.0, 8000.0], "bf16": [1000.0, 4000.0]}
    assert networks.made == ["fp32", "bf16"]
    assert "timed once for this machine" in caplog.text
    again = choose_kernels(JOINTS, VERTICES, networks, tmp_path, BF16_FASTER)
    assert again == choice == cached_kernels(JOINTS, VERTICES, tmp_path)
    assert networks.made == ["fp32", "bf16"]
    assert "lifter bf16 (fp32 2000.0 and 8000.0 ms" in str(choice)
    choose_kernels(JOINTS, VERTICES + 1, networks, tmp_path, BF16_FASTER)  # other sizes are timed apart
    assert len(networks.made) == 4


@pytest.mark.parametrize("times", [timer(fp32=(2.0, 8.0), bf16=(2.2, 8.8))])
def test_choose_kernels_where_bfloat16_is_slower_takes_float32(tmp_path: Path, times: Any) -> None:
    choice = choose_kernels(JOINTS, VERTICES, Networks(), tmp_path, times)
    assert choice.chosen == {"lifter": "fp32", "mesh_net": "fp32"}


def test_choose_kernels_with_amx_that_agrees_takes_it(tmp_path: Path, amx: None) -> None:
    choice = choose_kernels(JOINTS, VERTICES, Networks(), tmp_path, BF16_FASTER)
    assert choice.chosen == {"lifter": "amx", "mesh_net": "amx"}
    assert cached_kernels(JOINTS, VERTICES, tmp_path) == choice


def test_choose_kernels_where_amx_appears_later_times_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose_kernels(JOINTS, VERTICES, Networks(), tmp_path, BF16_FASTER)
    monkeypatch.setattr(kernel_choice, "amx_refusal", lambda: "")
    assert cached_kernels(JOINTS, VERTICES, tmp_path) is None


@pytest.mark.parametrize("error", [0.5, float("nan"), float("inf")])
def test_choose_kernels_with_amx_that_differs_refuses_it_with_a_warning(
    tmp_path: Path, amx: None, caplog: pytest.LogCaptureFixture, error: float
) -> None:
    choice = choose_kernels(JOINTS, VERTICES, Networks(amx=error), tmp_path, BF16_FASTER)
    assert choice.chosen == {"lifter": "bf16", "mesh_net": "bf16"}
    assert "amx" not in choice.times_ms["lifter"]
    assert caplog.text.count("has other results than float32; it is not used") == 2  # one for each network


def test_choose_kernels_with_a_refused_amx_logs_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kernel_choice, "amx_refusal", lambda: "products of tiles are wrong by 0.5 of the largest")
    choice = choose_kernels(JOINTS, VERTICES, Networks(), tmp_path, BF16_FASTER)
    assert choice.chosen["lifter"] == "bf16"
    assert caplog.text.count("the matrix unit (AMX) is not used; products of tiles are wrong") == 1


def test_agrees_allows_the_error_of_vectors() -> None:
    exact = np.ones(4, np.float32)
    results = {"fp32": exact, "bf16": exact + 0.01, "amx": exact - 0.9 * AGREEMENT * 0.01}
    assert agrees(results)
    assert not agrees({**results, "amx": exact - 1.1 * AGREEMENT * 0.01})


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"fp32"),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "one bit": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"|"),
    "huge": lambda path: path.write_bytes(b"MESHPLAN" * 100_000),
    "no choice": lambda path: path.write_bytes(kernel_choice.pack(kernel_choice._key(JOINTS, VERTICES), b"[1, 2]")),
    "unknown kernel": lambda path: path.write_bytes(
        kernel_choice.pack(
            kernel_choice._key(JOINTS, VERTICES),
            b'{"chosen": {"lifter": "fp8", "mesh_net": "fp8"}, "times_ms": {"lifter": {}, "mesh_net": {}}}',
        )
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_choose_kernels_damaged_file_is_ignored_and_written_again(tmp_path: Path, damage: str) -> None:
    first = choose_kernels(JOINTS, VERTICES, Networks(), tmp_path, BF16_FASTER)
    (path,) = tmp_path.iterdir()
    DAMAGES[damage](path)
    assert cached_kernels(JOINTS, VERTICES, tmp_path) is None
    networks = Networks()
    assert choose_kernels(JOINTS, VERTICES, networks, tmp_path, BF16_FASTER) == first
    assert networks.made == ["fp32", "bf16"]
    assert cached_kernels(JOINTS, VERTICES, tmp_path) == first


def test_choose_kernels_pipe_in_place_of_the_file_does_not_hang(tmp_path: Path) -> None:
    choose_kernels(JOINTS, VERTICES, Networks(), tmp_path, BF16_FASTER)
    (path,) = tmp_path.iterdir()
    path.unlink()
    os.mkfifo(path)
    assert cached_kernels(JOINTS, VERTICES, tmp_path) is None


def test_choose_kernels_folder_that_cannot_be_written_still_chooses(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    choice = choose_kernels(JOINTS, VERTICES, Networks(), blocked / "plans", BF16_FASTER)
    assert choice.chosen["lifter"] == "bf16"


def test_choose_kernels_switch_decides_without_timing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = Networks()
    for name in ("fp32", "bf16"):
        monkeypatch.setenv(SWITCH, name)
        choice = choose_kernels(JOINTS, VERTICES, networks, tmp_path, BF16_FASTER)
        assert choice == KernelChoice({"lifter": name, "mesh_net": name}, {})
    assert not networks.made
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv(SWITCH, "amx")
    with pytest.raises(ModelError, match=r"MESHCAST_KERNEL=amx: cannot be used \(the processor.*\); set it to auto"):
        choose_kernels(JOINTS, VERTICES, networks, tmp_path, BF16_FASTER)
    monkeypatch.setenv(SWITCH, "int4")
    with pytest.raises(UnknownNameError, match="unknown MESHCAST_KERNEL 'int4'; there are: auto, fp32, bf16, amx"):
        choose_kernels(JOINTS, VERTICES, networks, tmp_path, BF16_FASTER)


def test_choose_kernels_without_native_operators_does_not_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_choice, "NATIVE", False)
    networks = Networks()
    assert choose_kernels(JOINTS, VERTICES, networks, tmp_path, BF16_FASTER).chosen["lifter"] == "bf16"
    assert not networks.made
