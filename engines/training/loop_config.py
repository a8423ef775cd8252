"""The settings of the training loop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Schedule = Literal["cosine", "step", "constant"]
SCHEDULES: tuple[Schedule, ...] = ("cosine", "step", "constant")


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How a stage is optimized.

    Attributes:
        out: Folder of the checkpoints.
        resume: Continue from the checkpoint in `out`, where there is one.
        learning_rate: Peak learning rate of AdamW. Default: 1e-3.
        schedule: How it falls: "cosine" to 0, "step" by `decay` at each of `milestones`, or "constant".
            Default: cosine.
        milestones: Parts of the training, 0..1, for "step". Default: 0.7 and 0.9.
        decay: Factor for "step". Default: 0.1.
        warm_up_steps: Steps over which the learning rate rises linearly. Default: 300.
        weight_decay: Weight decay of AdamW. Default: 1e-2.
        gradient_norm: Limit of the gradient's norm. Default: 1.
        averaging: Share of the earlier weights in the running average of weights that is kept. Default: 0.999.
        accumulate: Batches whose gradients are averaged for one step. Default: 1.
        events: Whether an event file for TensorBoard is written. Default: no.
        snapshots: Whether the averaged network of every report is kept, as NAME-STEP.pt. Default: no.
    """

    out: Path
    resume: bool = False
    learning_rate: float = 1e-3
    schedule: Schedule = "cosine"
    milestones: tuple[float, ...] = (0.7, 0.9)
    decay: float = 0.1
    warm_up_steps: int = 300
    weight_decay: float = 1e-2
    gradient_norm: float = 1.0
    averaging: float = 0.999
    accumulate: int = 1
    events: bool = False
    snapshots: bool = False

    def rate(self, step: int, done: float) -> float:
        """The learning rate of step number `step` (from 0) at the part `done` (0..1) of the training."""
        warm_up = min(1.0, (step + 1) / max(self.warm_up_steps, 1))
        falling = 1.0
        if self.schedule == "cosine":
            falling = 0.5 * (1 + math.cos(math.pi * done))
        elif self.schedule == "step":
            falling = self.decay ** sum(done >= milestone for milestone in self.milestones)
        return self.learning_rate * warm_up * falling
