"""The settings of `meshcast train pose2mesh`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engines.training.export_model import NO_LICENSE
from engines.training.loop_config import LoopConfig
from engines.training.motion_mix import MotionMix

__all__ = ["MotionMix", "TrainConfig"]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What to train on, for how long, and how large the networks are.

    Attributes:
        poses: Pose files and folders, or "sample" for the bundled poses.
        out: Folder of the checkpoints and of the exported model.
        body: Body file with landmarks; None is the bundled body.
        lifter_minutes: Wall time of stage one, minutes. Default: 60.
        mesh_minutes: Wall time of stage two, minutes. Default: 20.
        width: Hidden units of the lifter. Default: 1024.
        stages: Residual stages of the lifter. Default: 2.
        batch: Frames in a step of stage one; stage two takes a quarter of it. Default: 1152.
        frames: Frames of a sequence in stage one. Default: 12.
        threads: CPU threads of torch. Default: 1.
        seed: Seed of all random numbers. Default: 0.
        name: Name of the model. Default: "pose2mesh_trained".
        license: License in the model's card.
        resume: Continue from the checkpoints in `out`.
        evaluation_samples: People in each evaluation. Default: 1024.
        ridge_samples: People of the linear regression that stage two starts from. Default: 4000.
        upsampling_samples: People of the fit of the upsampling. Default: 240.
        learning_rate: Peak learning rate of AdamW, which falls to 0 as a cosine. Default: 1e-3.
        averaging: Share of the earlier weights in the running average of weights that is kept. Default: 0.999.
        weight_decay: Weight decay of AdamW. Default: 1e-2.
        warm_up_steps: Steps over which the learning rate rises linearly. Default: 300.
        gradient_norm: Limit of the gradient's norm. Default: 1.0.
        edge_weight: Weight of the loss of edge lengths in stage two, relative to vertices. Default: 5.
        bone_weight: Weight of the loss of bones in stage one, relative to points. Default: 0.5.
        motion_weight: Weight of the loss of the points' movement between frames, relative to points. Default: 0.2.
        mix: What the synthetic people do.
    """

    poses: tuple[str | Path, ...]
    out: Path
    body: Path | None = None
    lifter_minutes: float = 60.0
    mesh_minutes: float = 20.0
    width: int = 1024
    stages: int = 2
    batch: int = 1152
    frames: int = 12
    threads: int = 1
    seed: int = 0
    name: str = "pose2mesh_trained"
    license: str = NO_LICENSE
    resume: bool = False
    evaluation_samples: int = 1024
    ridge_samples: int = 4000
    upsampling_samples: int = 240
    learning_rate: float = 1e-3
    averaging: float = 0.999
    weight_decay: float = 1e-2
    warm_up_steps: int = 300
    gradient_norm: float = 1.0
    edge_weight: float = 5.0
    bone_weight: float = 0.5
    motion_weight: float = 0.2
    mix: MotionMix = field(default_factory=MotionMix)

    def loop(self) -> LoopConfig:
        """The settings of the training loop."""
        return LoopConfig(
            out=self.out,
            resume=self.resume,
            learning_rate=self.learning_rate,
            warm_up_steps=self.warm_up_steps,
            weight_decay=self.weight_decay,
            gradient_norm=self.gradient_norm,
            averaging=self.averaging,
        )
