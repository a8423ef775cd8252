"""The training loop that the stages share: a time budget, cosine learning rate, checkpoints, resume and a curve."""

from __future__ import annotations

import csv
import io
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines.atomic import AtomicFile

log = logging.getLogger("meshcast.training")

Metrics = dict[str, float]


def train(
    net: nn.Module,
    loss: Callable[[int], Tensor],
    evaluate: Callable[[], Metrics],
    out: Path,
    name: str,
    *,
    minutes: float,
    lr: float = 1e-3,
    weight_decay: float = 1e-2,
    every_s: float = 60.0,
    resume: bool = False,
    progress: Callable[[str], None] = log.info,
) -> Metrics:
    """Train `net` on `loss(step)` for `minutes` of wall time, the learning rate falling from `lr` to 0 as a cosine.

    Every `every_s` seconds `evaluate()` is called in eval mode and out/NAME.pt (network, optimiser, time spent) is
    replaced atomically; out/NAME.csv gets a row and out/NAME.png the curve. With `resume` an existing checkpoint goes
    on where it stopped. Returns the last metrics.
    """
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, table = out / f"{name}.pt", out / f"{name}.csv"
    optimiser = torch.optim.AdamW(
        (p for p in net.parameters() if p.requires_grad), lr=lr, weight_decay=weight_decay, fused=True
    )
    spent, step, rows = 0.0, 0, list[Metrics]()
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        spent, step, rows = state["spent"], state["step"], state["rows"]
        progress(f"{name}: resumed at step {step} after {spent / 60:.1f} min")
    budget = minutes * 60
    net.train()
    began, last_report, running = time.monotonic() - spent, time.monotonic(), 0.0
    while True:
        spent = time.monotonic() - began
        done = min(spent / budget, 1.0)
        for group in optimiser.param_groups:
            group["lr"] = lr * min(1.0, (step + 1) / 300) * 0.5 * (1 + math.cos(math.pi * done))
        if done < 1.0:
            value = loss(step)
            optimiser.zero_grad()
            torch.autograd.backward(value)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            step += 1
            running += 0.01 * (value.item() - running) if step > 1 else value.item()
        if done >= 1.0 or time.monotonic() - last_report > every_s:
            last_report = time.monotonic()
            net.eval()
            with torch.no_grad():
                metrics = {"minutes": spent / 60, "step": float(step), "loss": running, **evaluate()}
            net.train()
            rows.append(metrics)
            save_atomically(
                {
                    "net": net.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "spent": spent,
                    "step": step,
                    "rows": rows,
                },
                checkpoint,
            )
            _write_table(rows, table)
            progress(f"{name}: " + "  ".join(f"{key} {number:.4g}" for key, number in metrics.items()))
        if done >= 1.0:
            break
    _draw_curve(rows, out / f"{name}.png", name)
    net.eval()
    return rows[-1]


def save_atomically(state: Any, path: Path) -> None:
    with AtomicFile(path) as new, io.BufferedRandom(new.file) as buffered:  # type: ignore[arg-type]
        torch.save(state, buffered)
        buffered.flush()
        new.commit()


def _write_table(rows: list[Metrics], path: Path) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[-1]))
        writer.writeheader()
        writer.writerows(rows)


def _draw_curve(rows: list[Metrics], path: Path, title: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for key in rows[-1]:
        if key.endswith("_mm"):
            axes.plot(
                [row["minutes"] for row in rows],
                [row[key] for row in rows],
                label=key.removesuffix("_mm").replace("_", " "),
            )
    axes.set(xlabel="minutes", ylabel="mm", yscale="log", title=title)
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
