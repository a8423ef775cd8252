"""The training loop that the stages share: a time budget, cosine learning rate, checkpoints, resume and a curve."""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from engines.errors import MeshcastError, ModelError
from engines.files.atomic import write_atomically
from engines.training import checkpoint
from engines.training.checkpoint import State

Metrics = dict[str, float]

WARM_UP_STEPS = 300
SMOOTHING = 0.01  # of the loss that is printed


class TrainingStopped(MeshcastError):
    """The user asked to stop; the message says where what was learned so far is."""


@dataclass(frozen=True, slots=True)
class Reports:
    """When a run says how it stands and keeps a checkpoint: after first_s, then each time twice as much later, and at
    last every every_s seconds. say takes the lines, stopped tells whether the user wants to end."""

    say: Callable[[str], None]
    stopped: Callable[[], bool] = lambda: False
    first_s: float = 4.0
    every_s: float = 60.0

    def pause_s(self, count: int) -> float:
        """How long after report number `count` (from 0) the next one comes."""
        return float(min(self.first_s * 2**count, self.every_s))


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its network, loss(step), evaluate(), and what its checkpoint OUT/NAME.pt holds beside the network.

    settings must be the same for a checkpoint to go on; extra is kept along.
    """

    name: str
    net: nn.Module
    loss: Callable[[int], Tensor]
    evaluate: Callable[[], Metrics]
    settings: dict[str, int | str]
    extra: State


def train(
    stage: Stage,
    out: Path,
    reports: Reports,
    *,
    minutes: float,
    lr: float = 1e-3,
    weight_decay: float = 1e-2,
    resume: bool = False,
) -> Metrics:
    """Train a stage for `minutes` of wall time, the learning rate falling from `lr` to 0 as a cosine.

    At every report `evaluate()` is called in eval mode, OUT/NAME.pt is replaced and OUT/NAME.csv gets a row; at the end
    OUT/NAME.png shows the curve, where matplotlib is there. With `resume` an existing checkpoint goes on where it
    stopped. Returns the last metrics. Raises TrainingStopped after the user asked to stop, with a checkpoint kept.
    """
    net, path = stage.net, out / f"{stage.name}.pt"
    optimizer = torch.optim.AdamW(
        (p for p in net.parameters() if p.requires_grad), lr=lr, weight_decay=weight_decay, fused=True
    )
    spent, step, rows = 0.0, 0, list[Metrics]()
    if resume and path.exists():
        spent, step, rows = _restore(stage, path, optimizer)
        reports.say(f"{stage.name}: resumed at step {step} after {spent / 60:.1f} min")
    budget_s = max(minutes * 60, 1e-9)
    weights = sum(p.numel() for p in net.parameters() if p.requires_grad)
    reports.say(f"{stage.name}: {weights / 1e6:.2f} M weights, {minutes:g} min; checkpoints go to {path}")
    net.train()
    began, last_report, running, reported = time.monotonic() - spent, time.monotonic(), 0.0, 0
    first_step = step
    while True:
        spent = time.monotonic() - began
        # A run is at least one step long, and a resumed one may be at its end.
        done = 0.0 if step == 0 else min(spent / budget_s, 1.0)
        stopped = reports.stopped()
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * done))
        if done < 1.0 and not stopped:
            value = stage.loss(step)
            optimizer.zero_grad()
            torch.autograd.backward(value)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            step += 1
            now = value.item()
            if not math.isfinite(now):
                kept = f"; {path.name} holds what came before" if path.exists() else ""
                raise ModelError(f"{stage.name}: the loss is not a finite number at step {step}: check the poses{kept}")
            running = now if step == first_step + 1 else running + SMOOTHING * (now - running)
        if done >= 1.0 or stopped or time.monotonic() - last_report > reports.pause_s(reported):
            metrics: Metrics = {"minutes": spent / 60, "step": float(step), "loss": running}
            if step:
                net.eval()
                with torch.no_grad():
                    metrics |= stage.evaluate()
                net.train()
                rows.append(metrics)
                state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "settings": stage.settings}
                checkpoint.write(path, stage.name, {**state, **stage.extra, "spent": spent, "step": step, "rows": rows})
                _write_table(rows, out / f"{stage.name}.csv")
            reported += 1
            last_report = time.monotonic()
            left = "" if done >= 1.0 else f"  ({(budget_s - spent) / 60:.1f} min left)"
            reports.say(f"{stage.name}: " + "  ".join(f"{key} {number:.4g}" for key, number in metrics.items()) + left)
        if stopped:
            kept = f"{path} holds {step} steps; go on with --resume" if step else "this stage has learned nothing yet"
            raise TrainingStopped(f"{stage.name}: stopped; {kept}")
        if done >= 1.0:
            break
    _draw_curve(rows, out / f"{stage.name}.png", stage.name)
    net.eval()
    return rows[-1]


def _restore(stage: Stage, path: Path, optimizer: torch.optim.Optimizer) -> tuple[float, int, list[Metrics]]:
    state = checkpoint.read(path, stage.name)
    try:
        for key, value in stage.settings.items():
            if state["settings"][key] != value:
                raise ModelError(
                    f"{path}: was trained with another {key} ({state['settings'][key]!s:.20}, now {value}); "
                    "use the same, or another --out"
                )
        stage.net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        return float(state["spent"]), int(state["step"]), list(state["rows"])
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
    """Whether matplotlib is installed; without it there are no curves."""
    return importlib.util.find_spec("matplotlib") is not None


def _draw_curve(rows: list[Metrics], path: Path, title: str) -> None:
    if not can_draw():
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
