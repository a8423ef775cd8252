"""The training loop of all networks: a budget of time or steps, a schedule, checkpoints, exact resume and curves."""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.errors import MeshcastError, ModelError
from engines.files.atomic import write_atomically
from engines.training import checkpoint
from engines.training.checkpoint import State
from engines.training.event_file import EventFile
from engines.training.loop_config import LoopConfig

Metrics = dict[str, float]

Losses = Mapping[str, Tensor]

Weights = dict[str, Tensor]

AVERAGING_RISES = 10  # steps after which the average keeps half of the earlier weights
SMOOTHING = 0.01  # weight of a step in the reported loss


class TrainingStopped(MeshcastError):
    """The user asked to stop; the message names the checkpoint."""


@dataclass(frozen=True, slots=True)
class Reports:
    """When a run reports its progress and writes a checkpoint.

    Attributes:
        on_progress: Receives the lines.
        stopped: Whether the user asked to stop.
        first_s: Time until the first report, s; each further interval is twice as long. Default: 4.
        every_s: The longest interval, s. Default: 60.
        on_part: Receives the part of the stage that is done, 0..1, after each step.
    """

    on_progress: Callable[[str], None]
    stopped: Callable[[], bool] = lambda: False
    first_s: float = 4.0
    every_s: float = 60.0
    on_part: Callable[[float], None] = lambda done: None

    def pause_s(self, count: int) -> float:
        """The time from report number `count` (from 0) to the next one."""
        return float(min(self.first_s * 2**count, self.every_s))


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its budget, network, loss(number), evaluate(), and the entries of its checkpoint OUT/NAME.pt.

    Attributes:
        name: Of the stage and of its files.
        minutes: Its wall time; ignored where `steps` is given.
        net: The network.
        loss: The losses of batch number `number` (from 0) by name, whose sum is minimized. The number alone selects the
            batch when `steps` is given: a resumed training then repeats an uninterrupted one bit for bit.
        evaluate: Metrics of the network as it is.
        settings: What must be equal to resume from a checkpoint.
        extra: What is stored beside them.
        steps: Steps of the optimizer; None for a budget of time.
        draw: Images for the event file by name.
    """

    name: str
    minutes: float
    net: nn.Module
    loss: Callable[[int], Losses]
    evaluate: Callable[[], Metrics]
    settings: dict[str, int | str]
    extra: State
    steps: int | None = None
    draw: Callable[[], dict[str, NDArray[np.uint8]]] = field(default=dict)


def train(stage: Stage, config: LoopConfig, reports: Reports) -> Metrics:
    """Trains a stage within its budget.

    The result is a running average of the weights (Polyak and Juditsky, 1992), which the network holds in the end, in
    eval mode. At every report `evaluate()` is called with it, OUT/NAME.pt is replaced and OUT/NAME.csv gets a row; at
    the end OUT/NAME.png shows the curve, where matplotlib is installed. With `config.resume` an existing checkpoint is
    continued. Returns the last metrics. Raises TrainingStopped after the user asked to stop, with a checkpoint kept.
    """
    run = _Run(stage, config, reports)
    stage.net.train()
    while True:
        spent_s = run.spent_s()
        done = run.done(spent_s)
        stopped = reports.stopped()
        if done < 1.0 and not stopped:
            run.optimize(done)
            reports.on_part(run.done(run.spent_s()))
        if done >= 1.0 or stopped or run.report_is_due():
            run.report(spent_s, done)
        if stopped:
            raise TrainingStopped(f"{stage.name}: stopped; {run.kept()}")
        if done >= 1.0:
            break
    _draw_curve(run.rows, config.out / f"{stage.name}.png", stage.name)
    stage.net.load_state_dict(run.average)
    stage.net.eval()
    return run.rows[-1]


class _Run:
    """The state of a training run of one stage."""

    def __init__(self, stage: Stage, config: LoopConfig, reports: Reports) -> None:
        self._stage, self._config, self._reports = stage, config, reports
        self._path = config.out / f"{stage.name}.pt"
        trained = [p for p in stage.net.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            trained, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        spent_s, self.step, self.rows, self._losses = 0.0, 0, list[Metrics](), Metrics()
        self.average = _copied(stage.net)
        if config.resume and self._path.exists():
            restored = _restore(stage, self._path, self._optimizer)
            spent_s, self.step, self.rows, self.average, self._losses = restored
            reports.on_progress(f"{stage.name}: resumed at step {self.step} after {spent_s / 60:.1f} min")
        self.budget_s = max(stage.minutes * 60, 1e-9)
        weights = sum(p.numel() for p in trained)
        budget = f"{stage.minutes:g} min" if stage.steps is None else f"{stage.steps} steps"
        reports.on_progress(f"{stage.name}: {weights / 1e6:.2f} M weights, {budget}; checkpoints go to {self._path}")
        self._events = EventFile(config.out) if config.events else None
        self._began_s, self._last_report_s = time.monotonic() - spent_s, time.monotonic()
        self._reported = 0

    def spent_s(self) -> float:
        """The wall time of the stage so far, that of resumed runs included, s."""
        return time.monotonic() - self._began_s

    def done(self, spent_s: float) -> float:
        """The part of the budget that is used, 0..1. A run has a step at least; a resumed one may be at its end."""
        if self._stage.steps is not None:
            return min(self.step / max(self._stage.steps, 1), 1.0)
        return 0.0 if self.step == 0 else min(spent_s / self.budget_s, 1.0)

    def optimize(self, done: float) -> None:
        """One step, at the part `done` (0..1) of the budget. Raises ModelError for a loss that is not finite."""
        stage, config = self._stage, self._config
        for group in self._optimizer.param_groups:
            group["lr"] = config.rate(self.step, done)
        self._optimizer.zero_grad()
        losses: Metrics = {}
        for part in range(config.accumulate):
            parts = stage.loss(self.step * config.accumulate + part)
            total = torch.stack(list(parts.values())).sum()
            if not math.isfinite(total.item()):
                self._not_finite(parts)
            torch.autograd.backward(total / config.accumulate)
            for name, part_loss in {**parts, "loss": total}.items():
                losses[name] = losses.get(name, 0.0) + part_loss.item() / config.accumulate
        nn.utils.clip_grad_norm_(stage.net.parameters(), config.gradient_norm)
        self._optimizer.step()
        self.step += 1
        self._update_average()
        for name, value in losses.items():
            before = self._losses.get(name, value)
            self._losses[name] = before + SMOOTHING * (value - before)

    def _not_finite(self, losses: Losses) -> None:
        wrong = ", ".join(name for name, value in losses.items() if not math.isfinite(value.item()))
        kept = f"; {self._path.name} holds the steps before" if self._path.exists() else ""
        raise ModelError(
            f"{self._stage.name}: the loss ({wrong}) is not a finite number at step {self.step + 1}; check the data or "
            f"lower the learning rate{kept}"
        )

    @torch.no_grad()
    def _update_average(self) -> None:
        kept = min(self._config.averaging, self.step / (self.step + AVERAGING_RISES))
        for key, latest in self._stage.net.state_dict().items():
            if latest.is_floating_point():
                self.average[key].lerp_(latest, 1 - kept)
            else:
                self.average[key].copy_(latest)

    def report_is_due(self) -> bool:
        """Whether the time for the next report has come."""
        return time.monotonic() - self._last_report_s > self._reports.pause_s(self._reported)

    def report(self, spent_s: float, done: float) -> None:
        """Evaluates, writes checkpoint and table, and reports the metrics."""
        stage, out = self._stage, self._config.out
        metrics: Metrics = {"minutes": spent_s / 60, "step": float(self.step), "loss": self._losses.get("loss", 0.0)}
        if self.step:
            latest = _copied(stage.net)
            stage.net.load_state_dict(self.average)
            stage.net.eval()
            with torch.no_grad(), torch.random.fork_rng():  # an evaluation does not change the training after it
                metrics |= stage.evaluate()
                self._write_events(metrics)
            stage.net.load_state_dict(latest)
            stage.net.train()
            self.rows.append(metrics)
            networks = {"net": self.average, "latest": latest, "optimizer": self._optimizer.state_dict()}
            progress = {
                "settings": stage.settings,
                "spent": spent_s,
                "step": self.step,
                "rows": self.rows,
                "losses": self._losses,
                "random": torch.get_rng_state(),
                "device_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            }
            checkpoint.write(self._path, stage.name, {**networks, **stage.extra, **progress})
            if self._config.snapshots:
                snapshot = {"net": self.average, **stage.extra, "settings": stage.settings, "step": self.step}
                checkpoint.write(out / f"{stage.name}-{self.step:07d}.pt", stage.name, snapshot)
            _write_table(self.rows, out / f"{stage.name}.csv")
        self._reported += 1
        self._last_report_s = time.monotonic()
        left = "" if done >= 1.0 else f"  ({self._left(spent_s)} left)"
        numbers = "  ".join(f"{key} {number:.4g}" for key, number in metrics.items())
        self._reports.on_progress(f"{stage.name}: {numbers}{left}")

    def _left(self, spent_s: float) -> str:
        if self._stage.steps is not None:
            return f"{self._stage.steps - self.step} steps"
        return f"{(self.budget_s - spent_s) / 60:.1f} min"

    def _write_events(self, metrics: Metrics) -> None:
        """Losses, metrics and images of the averaged network, for TensorBoard."""
        if self._events is None:
            return
        rate = self._optimizer.param_groups[0]["lr"]
        losses = {f"loss/{name}": value for name, value in self._losses.items()}
        self._events.scalars(self.step, {**losses, **metrics, "learning_rate": rate})
        self._events.images(self.step, self._stage.draw())

    def kept(self) -> str:
        """What a stopped run keeps, for a message."""
        if not self.step:
            return "no step of this stage was done"
        return f"{self._path} holds {self.step} steps; continue with --resume"


def _copied(net: nn.Module) -> Weights:
    return {key: value.clone() for key, value in net.state_dict().items()}


def _restore(
    stage: Stage, path: Path, optimizer: torch.optim.Optimizer
) -> tuple[float, int, list[Metrics], Weights, Metrics]:
    state = checkpoint.read(path, stage.name)
    try:
        for key, value in stage.settings.items():
            if state["settings"][key] != value:
                raise ModelError(
                    f"{path}: was trained with {key} {state['settings'][key]!s:.20}, not {value}; "
                    "use the same, or choose another --out"
                )
        stage.net.load_state_dict(state["net"])
        average = _copied(stage.net)
        stage.net.load_state_dict(state["latest"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        if torch.cuda.is_available() and len(state.get("device_random", ())) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state["device_random"])
        return float(state["spent"]), int(state["step"]), list(state["rows"]), average, dict(state["losses"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ModelError(f"{path}: does not fit this run ({reason}); choose another --out") from None


def _write_table(rows: list[Metrics], path: Path) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[-1]))
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def can_draw() -> bool:
    """Whether matplotlib is installed, which draws the curves."""
    return importlib.util.find_spec("matplotlib") is not None


def _draw_curve(rows: list[Metrics], path: Path, title: str) -> None:
    if not can_draw() or not any(key.endswith("_mm") for key in rows[-1]):
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for key in rows[-1]:
        if key.endswith("_mm"):
            label = key.removesuffix("_mm").replace("_", " ")
            axes.plot([row["minutes"] for row in rows], [row[key] for row in rows], label=label)
    axes.set(xlabel="minutes", ylabel="mm", yscale="log", title=title)
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
