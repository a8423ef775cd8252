"""The configuration of `meshcast train METHOD --data`: a dataclass, and its file in TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from engines.errors import ModelError
from engines.files.suggestions import did_you_mean
from engines.files.toml_file import read_toml
from engines.training.augment import AugmentConfig
from engines.training.loop_config import SCHEDULES, LoopConfig, Schedule
from engines.training.methods.base import MethodConfig
from engines.training.sample import ANNOTATIONS

SPARSE = frozenset({"points_2d", "K", "root"})
DENSE = SPARSE | {"parts", "uv", "silhouette", "dense"}
FULL = frozenset(ANNOTATIONS)
# The supervision of Table 3 of DCT; "20% 3D" is `share_3d = 0.2` beside "3d+dense+sparse".
SUPERVISION: Mapping[str, frozenset[str]] = {
    "3d+dense+sparse": FULL,
    "3d+sparse": FULL - {"parts", "uv", "silhouette", "dense"},
    "dense+sparse": DENSE,
    "sparse": SPARSE,
}


@dataclass(frozen=True, slots=True)
class DataConfig:
    """A data set.

    Attributes:
        path: A folder of rendered people, an annotation list (`.npz` in the layout of SPIN, 3DPW's `.pkl`,
            MPI-INF-3DHP's `.mat`, Human3.6M's `NAME_data.json` or COCO's keypoints as `.json`), or "rendered" for
            people that are rendered while training.
        ratio: Share of each batch, relative to the other data sets. Default: 1.
        supervision: Which annotations are used: one of SUPERVISION. Default: all.
        share_3d: Share of the samples that keep their 3D annotations. Default: 1.
        poses: Pose files for "rendered". Default: the bundled ones.
        occluded: Share of the samples of "rendered" with occluders. Default: 0.5.
        yaw_deg: Largest angle between the direction that people of "rendered" face and the camera. Default: 180, any.
        charts: DensePose's UV_Processed.mat for COCO-DensePose, as .npz or .mat; without it dense points are left out.
            Default: none.
        images: Folder that the images of an annotation list are relative to. Default: the folder of the list.
        keep: Samples that stay decoded in memory, which saves time in later epochs; a sample of 96 px takes about
            0.2 MB. Default: 0.
        augment: Whether samples are varied, as the table [augment] says. Default: no.
    """

    path: str
    ratio: float = 1.0
    supervision: str = "3d+dense+sparse"
    share_3d: float = 1.0
    poses: tuple[str, ...] = ("sample",)
    occluded: float = 0.5
    yaw_deg: float = 180.0
    charts: str = ""
    images: str = ""
    keep: int = 0
    augment: bool = False


@dataclass(frozen=True, slots=True)
class ImageTrainConfig:
    """What an image network is trained on and how.

    Attributes:
        method: "pare", "dct", "decomr", "imphmr" or "pose2mesh".
        out: Folder of the checkpoint METHOD.pt, its table, curve and event file.
        data: The data sets.
        test: The data set that is evaluated on. Default: rendered people of the held-out clips.
        steps: Steps of the optimizer. Default: 20000.
        batch: Samples in a batch. Default: 32.
        size: Side of the crops in px, of "rendered". Default: 224.
        seed: Seed of weights, data and noise. Default: 0.
        threads: CPU threads of torch. Default: 1.
        device: Where the network is trained: "cpu" or "cuda:N". Default: "cpu".
        evaluation_samples: Samples that are evaluated at each report. Default: 128.
        body: Body file; None is the bundled body.
        init: Checkpoint of the same network to start from, as after pre-training; None for random weights.
        resume: Continue from the checkpoint in `out`.
        broken_limit: Share of a data set's samples that may be unreadable. Default: 0.05.
        learning_rate, schedule, milestones, decay, warm_up_steps, weight_decay, gradient_norm, averaging, accumulate:
            as in LoopConfig.
        tensorboard: Whether an event file is written. Default: yes.
        snapshots: Whether the network of every report is kept, as METHOD-STEP.pt, for `meshcast explain`. Default: no.
        augment: What is varied of data sets with `augment`.
        network: The network.
    """

    method: str
    out: Path
    data: tuple[DataConfig, ...]
    test: DataConfig = DataConfig("rendered")
    steps: int = 20_000
    batch: int = 32
    size: int = 224
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    evaluation_samples: int = 128
    body: Path | None = None
    init: Path | None = None
    resume: bool = False
    broken_limit: float = 0.05
    learning_rate: float = 2.5e-4
    schedule: Schedule = "cosine"
    milestones: tuple[float, ...] = (0.7, 0.9)
    decay: float = 0.1
    warm_up_steps: int = 200
    weight_decay: float = 1e-4
    gradient_norm: float = 5.0
    averaging: float = 0.999
    accumulate: int = 1
    tensorboard: bool = True
    snapshots: bool = False
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    network: MethodConfig = field(default_factory=MethodConfig)

    def loop(self) -> LoopConfig:
        """The settings of the training loop."""
        return LoopConfig(
            out=self.out,
            resume=self.resume,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            milestones=self.milestones,
            decay=self.decay,
            warm_up_steps=self.warm_up_steps,
            weight_decay=self.weight_decay,
            gradient_norm=self.gradient_norm,
            averaging=self.averaging,
            accumulate=self.accumulate,
            events=self.tensorboard,
            snapshots=self.snapshots,
        )


TABLES = ("data", "test", "network", "losses", "augment")
NOT_IN_FILE = ("method", "out", "resume", "network", "data", "test", "augment")


def read_image_config(path: Path | None, base: ImageTrainConfig) -> ImageTrainConfig:
    """`base` with what a TOML file sets: keys of ImageTrainConfig, and the tables [[data]], [test], [network] (keys of
    MethodConfig), [augment] (keys of AugmentConfig) and [losses] (weights of the method's losses).

    Raises ModelError, in one line, for a key that does not exist, with a suggestion, or a value of another type.
    """
    if path is None:
        return base
    table = read_toml(path, "a training configuration")
    top = {key: value for key, value in table.items() if key not in TABLES}
    config: ImageTrainConfig = _filled(path, "", base, top, NOT_IN_FILE)
    network = _filled(path, "network.", config.network, _table(path, table, "network"), ("weights",))
    augment = _filled(path, "augment.", config.augment, _table(path, table, "augment"), ())
    losses = _table(path, table, "losses")
    for key, value in losses.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ModelError(f"{path}: losses.{key}: {value!r:.40} is not a number")
    config = replace(config, augment=augment, network=replace(network, weights={**network.weights, **losses}))
    if "data" in table:
        sets = table["data"]
        if not isinstance(sets, list) or not all(isinstance(entry, dict) for entry in sets):
            raise ModelError(f"{path}: data: write each data set as a table [[data]]")
        config = replace(config, data=tuple(_data(path, f"data[{n}].", entry) for n, entry in enumerate(sets)))
    if "test" in table:
        config = replace(config, test=_data(path, "test.", _table(path, table, "test")))
    return config


def check_image_config(config: ImageTrainConfig) -> None:
    """Raises ModelError for values that cannot be used."""
    for name, low, high in (
        ("steps", 1, 10**9),
        ("batch", 2, 1 << 16),
        ("accumulate", 1, 1 << 16),
        ("evaluation_samples", 1, 10**6),
        ("threads", 1, 1024),
        ("broken_limit", 0, 1),
        ("learning_rate", 0, 1),
        ("decay", 0, 1),
        ("warm_up_steps", 0, 10**9),
        ("weight_decay", 0, 10),
        ("averaging", 0, 1),
        ("network.divide", 1, 64),
        ("network.pose_share", 0, 1),
        ("network.noise", 0, 100),
    ):
        holder, name_there = (config.network, name.removeprefix("network.")) if "." in name else (config, name)
        if not low <= (value := getattr(holder, name_there)) <= high:  # a number that is not finite neither
            raise ModelError(f"{name}: {value:g} is not from {low} to {high}")
    if not config.gradient_norm > 0:
        raise ModelError(f"gradient_norm: {config.gradient_norm:g} is not positive")
    if config.schedule not in SCHEDULES:
        raise ModelError(f"schedule: {config.schedule!r:.40} is none of {', '.join(SCHEDULES)}")
    for data in (*config.data, config.test):
        if data.supervision not in SUPERVISION:
            raise ModelError(f"supervision: {data.supervision!r:.40} is none of {', '.join(SUPERVISION)}")
        for name, most in (("share_3d", 1), ("occluded", 1), ("yaw_deg", 180)):
            if not 0 <= getattr(data, name) <= most:
                raise ModelError(f"{name}: {getattr(data, name):g} is not from 0 to {most}")


def _data(path: Path, where: str, table: Mapping[str, Any]) -> DataConfig:
    if "path" not in table:
        raise ModelError(f'{path}: {where}path is missing; name a folder, or "rendered"')
    data: DataConfig = _filled(path, where, DataConfig(""), table, ())
    return data


def _table(path: Path, table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise ModelError(f"{path}: {name}: not a table; write [{name}]")
    return found


def _filled(path: Path, where: str, base: Any, table: Mapping[str, Any], left_out: tuple[str, ...]) -> Any:
    known = {each.name: each for each in fields(base) if each.name not in left_out}
    changed = {}
    for key, value in table.items():
        if key not in known:
            raise ModelError(f"{path}: {where}{key}: no such key{did_you_mean(key, (*known, *TABLES))}")
        changed[key] = _value(path, f"{where}{key}", known[key], getattr(base, key), value)
    return replace(base, **changed)


def _value(path: Path, name: str, entry: Field[Any], usual: Any, value: Any) -> Any:
    """A value of the type of its field."""
    kind = str(entry.type)
    if kind.startswith("tuple"):
        kinds = (int, float) if "float" in kind else (str,)
        if not isinstance(value, list) or any(not isinstance(each, kinds) for each in value):
            raise ModelError(
                f"{path}: {name}: {value!r:.40} is not a list of {'numbers' if float in kinds else 'text'}"
            )
        return tuple(value)
    if "Path" in kind:
        if not isinstance(value, str):
            raise ModelError(f"{path}: {name}: {value!r:.40} is not a path")
        return path.parent / value
    if kind.startswith("float") and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    expected = {"int": int, "bool": bool, "str": str, "bool | None": bool, "Schedule": str}.get(kind)
    right_type = expected is not None and isinstance(value, expected)
    if not right_type or (expected is int and isinstance(value, bool)):
        usual_text = "" if usual is MISSING else f" as {usual!r}"
        raise ModelError(f"{path}: {name}: {value!r:.40} is not a value{usual_text}")
    return value
