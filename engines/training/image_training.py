"""`meshcast train METHOD --data`: one loop for all image methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engines.body.body import ZOO, SurfaceBody, load_surface_body
from engines.errors import ModelError
from engines.evaluation.body_scores import aligned_joint_error, joint_error, vertex_error
from engines.training import checkpoint
from engines.training.augment import Augmenter
from engines.training.batch import Batch, collate
from engines.training.image_config import ImageTrainConfig, check_image_config
from engines.training.image_data import open_source
from engines.training.loop import Losses, Metrics, Reports, Stage, train
from engines.training.methods.base import Method, Prediction, move, on_host
from engines.training.methods.registry import method
from engines.training.mixture import Mixture
from engines.training.prediction_sheet import prediction_sheet
from engines.training.sample import H36M
from engines.training.torch_body import TorchBody

EVALUATION_BATCH = 32
CPU = torch.device("cpu")
DRAWN = 6  # samples in the images of the event file


@dataclass(frozen=True, slots=True)
class Trained:
    """The result of a training: the method with its averaged network in eval mode, in the host's memory, its checkpoint
    and last metrics."""

    method: Method
    path: Path
    metrics: Metrics


def train_images(config: ImageTrainConfig, reports: Reports) -> Trained:
    """Trains by `config`. Raises MeshcastError before the training where something cannot be used, and TrainingStopped
    when the user asked to stop."""
    check_image_config(config)
    device = training_device(config.device)
    _prepare(config)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    body = load_surface_body(config.body or ZOO / "open_smpl_body.npz")
    say = reports.on_progress
    sources = [
        open_source(data, body, config.size, config.seed, held_out=False, on_progress=say) for data in config.data
    ]
    if any(data.augment for data in config.data):
        vary = Augmenter(body, config.augment)
        sources = [
            replace(source, vary=vary) if data.augment else source
            for source, data in zip(sources, config.data, strict=True)
        ]
    mixture = Mixture(sources, config.batch, config.seed, config.broken_limit)
    trainer = method(config.method, body, config.network)
    if config.init is not None and not (config.resume and (config.out / f"{config.method}.pt").exists()):
        _initialize(trainer, config.init)
    move(trainer, device)
    tests = _test_batches(config, body, say)

    def loss(number: int) -> Losses:
        batch = collate(mixture[number], len(body.v_template)).to(device)
        return trainer.losses(batch, number, min(number / (config.steps * config.accumulate), 1.0))

    def draw() -> dict[str, NDArray[np.uint8]]:
        trainer.net.eval()
        made = on_host(trainer.predict(tests[0].to(device)))
        return {"people": prediction_sheet(tests[0], made, body, DRAWN)}

    settings: dict[str, Any] = {
        "method": config.method,
        "size": config.size,
        "batch": config.batch,
        "steps": config.steps,
        "seed": config.seed,
        **trainer.settings,
    }
    stage = Stage(
        config.method,
        0.0,
        trainer.net,
        loss,
        lambda: evaluate(trainer, tests, device),
        settings,
        {},
        steps=config.steps,
        draw=draw,
    )
    metrics = train(stage, config.loop(), reports)
    move(trainer, CPU)
    for name, broken in mixture.broken.items():
        if broken:
            say(f"{name}: {len(broken)} samples could not be read and were skipped")
    return Trained(trainer, config.out / f"{config.method}.pt", metrics)


def training_device(name: str) -> torch.device:
    """The device with this name. Raises ModelError, in one line, where torch cannot use it."""
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise ModelError(f'device: {name!r:.40} is neither "cpu" nor "cuda:N"')
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise ModelError(f"device: {name}: torch sees {count} CUDA devices here; use cpu, or a torch with CUDA")
    return device


def evaluate(trainer: Method, batches: list[Batch], device: torch.device = CPU) -> Metrics:
    """The mean metrics of the network, as it is, over batches in the host's memory."""
    values = per_sample_metrics(lambda batch: on_host(trainer.predict(batch.to(device))), batches)
    return {f"{name}_mm": float(np.mean(each)) for name, each in values.items() if len(each)}


def per_sample_metrics(
    predict: Callable[[Batch], Prediction], batches: list[Batch], body: TorchBody | None = None
) -> dict[str, NDArray[np.float64]]:
    """MPJPE, PA-MPJPE, PVE and, with a body, PVE-T in mm of each sample that has what they need."""
    found: dict[str, list[NDArray[np.float64]]] = {"mpjpe": [], "pa_mpjpe": [], "pve": [], "pve_t": []}
    for batch in batches:
        with torch.no_grad():
            made = predict(batch)
        known = (batch.points_3d[:, H36M, 3] > 0).all(1).numpy()
        joints, truth = made.points[:, H36M].numpy()[known], batch.points_3d[:, H36M, :3].numpy()[known]
        found["mpjpe"].append(joint_error(joints, truth))
        found["pa_mpjpe"].append(aligned_joint_error(joints, truth))
        has = batch.has["vertices"].numpy()
        found["pve"].append(vertex_error(made.vertices.numpy()[has], batch.vertices.numpy()[has]))
        if body is not None and made.shape is not None:
            shaped = batch.has["shape"].numpy()
            rest = torch.eye(3).expand(len(batch), 24, 3, 3)
            a, b = (body(rest, shape)[0].numpy()[shaped] for shape in (made.shape, batch.shape))
            found["pve_t"].append(vertex_error(a, b))
    return {name: np.concatenate(each) for name, each in found.items() if each}


def _test_batches(config: ImageTrainConfig, body: SurfaceBody, say: Callable[[str], None]) -> list[Batch]:
    source = open_source(config.test, body, config.size, config.seed, held_out=True, on_progress=say)
    count = config.evaluation_samples if source.length is None else min(config.evaluation_samples, source.length)
    numbers = range(count)
    return [
        collate([source.samples[n] for n in numbers[first : first + EVALUATION_BATCH]], len(body.v_template))
        for first in range(0, count, EVALUATION_BATCH)
    ]


def _initialize(trainer: Method, path: Path) -> None:
    """Loads the averaged network of another training of the same network."""
    state = checkpoint.read(path)
    try:
        trainer.net.load_state_dict(state["net"])
    except (KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ModelError(f"{path}: does not hold the network that is trained ({reason})") from None


def _prepare(config: ImageTrainConfig) -> None:
    """Creates the folder; refuses one with the checkpoint of another run."""
    try:
        config.out.mkdir(parents=True, exist_ok=True)
        probe = config.out / ".meshcast-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ModelError(f"{config.out}: cannot be written ({error.strerror}); choose another --out") from None
    path = config.out / f"{config.method}.pt"
    if path.exists() and not config.resume:
        raise ModelError(f"{path}: of an earlier run; add --resume to continue it, or choose another --out")
