"""The training loop: exact resume, accumulation, schedules, stopping, errors and a full disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn

from engines.errors import ModelError
from engines.training import checkpoint
from engines.training.loop import Reports, Stage, TrainingStopped, train
from engines.training.loop_config import LoopConfig

QUIET = Reports(lambda line: None)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of torch wait busily for each other on a machine that is shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def stage(steps: int = 12, batch: int = 4, loss: Callable[[int], dict[str, Tensor]] | None = None) -> Stage:
    """A network with dropout and batch norm on batches that their number determines."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 2))

    def usual(number: int) -> dict[str, Tensor]:
        x = torch.randn(batch, 5, generator=torch.Generator().manual_seed(number))
        return {"a": (net(x) - x[:, :2]).square().mean(), "b": 0.1 * net(x).abs().mean()}

    return Stage("toy", 0.0, net, loss or usual, lambda: {"zero": 0.0}, {"steps": steps}, {}, steps=steps)


def config(out: Path, **changed: object) -> LoopConfig:
    return replace(LoopConfig(out, warm_up_steps=3), **changed)


def weights(path: Path) -> dict[str, Tensor]:
    state = checkpoint.read(path / "toy.pt", "toy")
    return {
        **{f"net.{k}": v for k, v in state["net"].items()},
        **{f"latest.{k}": v for k, v in state["latest"].items()},
    }


@pytest.mark.parametrize("changed", [{}, {"schedule": "step", "milestones": (0.5,)}, {"accumulate": 3}])
def test_loop_resumed_training_is_bit_exact(tmp_path: Path, changed: dict[str, object]) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    train(stage(), config(whole, **changed), QUIET)
    done: list[float] = []
    stopping = Reports(lambda line: None, lambda: len(done) >= 5, on_part=done.append)
    with pytest.raises(TrainingStopped, match="holds 5 steps"):
        train(stage(), config(parts, **changed), stopping)
    torch.manual_seed(99)  # what happens in between does not matter
    train(stage(), config(parts, resume=True, **changed), QUIET)
    expected, resumed = weights(whole), weights(parts)
    assert expected.keys() == resumed.keys()
    for name, value in expected.items():
        assert torch.equal(value, resumed[name]), name


def test_loop_evaluation_does_not_change_the_training(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.mkdir()
    b.mkdir()
    train(stage(), config(a), QUIET)
    noisy = replace(stage(), evaluate=lambda: {"random": float(torch.rand(3).mean())})
    train(noisy, config(b), Reports(lambda line: None, first_s=0.0, every_s=0.0))
    assert all(torch.equal(value, weights(b)[name]) for name, value in weights(a).items())


def test_loop_accumulated_gradients_equal_those_of_the_whole_batch(tmp_path: Path) -> None:
    data = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))

    def trained(parts: int) -> Tensor:
        torch.manual_seed(0)
        net = nn.Linear(3, 1)
        rows = data.chunk(parts)
        made = Stage("toy", 0.0, net, lambda n: {"l": net(rows[n % parts]).square().mean()}, dict, {}, {}, steps=4)
        out = tmp_path / str(parts)
        out.mkdir()
        train(made, config(out, accumulate=parts, averaging=0.0), QUIET)
        return net.weight.detach().clone()

    torch.testing.assert_close(trained(4), trained(1))


def test_loop_loss_that_is_not_finite_stops_before_it_spoils_the_weights(tmp_path: Path) -> None:
    made = stage()
    usual = made.loss

    def broken(number: int) -> dict[str, Tensor]:
        losses = dict(usual(number))
        return {**losses, "b": losses["b"] * float("nan")} if number == 3 else losses

    with pytest.raises(ModelError, match=r"toy: the loss \(b\) is not a finite number at step 4"):
        train(replace(made, loss=broken), config(tmp_path), QUIET)
    assert all(torch.isfinite(p).all() for p in made.net.parameters())


def test_loop_checkpoint_of_another_setting_is_refused(tmp_path: Path) -> None:
    train(stage(), config(tmp_path), QUIET)
    with pytest.raises(ModelError, match="was trained with steps 12, not 13"):
        train(stage(13), config(tmp_path, resume=True), QUIET)


def test_loop_full_disk_keeps_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(stage(), config(tmp_path), QUIET)
    before = (tmp_path / "toy.pt").read_bytes()

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engines.training.checkpoint.write_atomically", full)
    with pytest.raises(ModelError, match=r"No space left on device.*the checkpoint before it is kept"):
        train(stage(), config(tmp_path), QUIET)
    assert (tmp_path / "toy.pt").read_bytes() == before


def test_schedules_have_their_shapes(tmp_path: Path) -> None:
    cosine = config(tmp_path, learning_rate=1.0, warm_up_steps=4)
    assert [cosine.rate(step, 0.0) for step in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1, 1])
    assert cosine.rate(100, 0.5) == pytest.approx(0.5)
    assert cosine.rate(100, 1.0) == pytest.approx(0)
    steps = replace(cosine, schedule="step", milestones=(0.5, 0.8), decay=0.1)
    assert [steps.rate(100, done) for done in (0.4, 0.5, 0.9)] == pytest.approx([1, 0.1, 0.01])
    assert replace(cosine, schedule="constant").rate(100, 0.9) == 1
