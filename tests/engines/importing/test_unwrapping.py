"""Weights in the checkpoint layouts of different trainers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from engines.errors import ModelError  # noqa: E402
from engines.importing import identify as identify  # noqa: E402
from engines.importing.checkpoint import Checkpoint, read_checkpoint  # noqa: E402
from engines.importing.identify import NO_BODIES  # noqa: E402
from engines.importing.unwrapping import MOST_SETS, name_prefixes, weight_sets, without_inserted  # noqa: E402
from engines.importing.weight_choice import ChosenWeights, choose_weights  # noqa: E402
from engines.networks.registry import NETWORKS, build  # noqa: E402

Weights = dict[str, Any]
NETWORK = "pose2mesh_posenet_coco"  # the smallest


@pytest.fixture(scope="module")
def weights() -> Weights:
    torch.manual_seed(0)
    return dict(build(NETWORK).state_dict())


@pytest.fixture(autouse=True)
def few_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building all networks, to know their names and shapes, takes seconds."""
    known = {name: network for name, network in NETWORKS.items() if "posenet" in name}
    monkeypatch.setattr(identify, "NETWORKS", known)


def named(prefix: str, weights: Weights) -> Weights:
    return {prefix + key: value for key, value in weights.items()}


def compiled_inside(weights: Weights) -> Weights:
    """As after torch.compile of a part only."""
    return {key.replace("linear_stages.", "linear_stages._orig_mod."): value for key, value in weights.items()}


def chosen(content: Any, where: str | None = None) -> ChosenWeights:
    return choose_weights(Path("file.pth"), Checkpoint(weight_sets(content), ""), NO_BODIES, where)


Wrap = Callable[[Weights], Any]
WRAPPINGS: dict[str, tuple[Wrap, str]] = {
    "bare": (lambda w: w, ""),
    "compiled": (lambda w: named("_orig_mod.", w), ""),
    "compiled inside": (compiled_inside, ""),
    "compiled data parallel": (lambda w: {"state_dict": named("module._orig_mod.", w)}, "state_dict.module"),
    "parallel, compiled, lightning": (
        lambda w: {"state_dict": named("_forward_module.model._orig_mod.module.", w), "epoch": 3},
        "state_dict.model.module",
    ),
    "ema in ema": (lambda w: {"ema_model": named("module.", w)}, "ema_model.module"),
    "ema as names": (lambda w: {"model": named("ema_model.module.", w)}, "model.ema_model.module"),
    "model ema": (lambda w: {"model_ema": {"state_dict": named("module.", w)}}, "model_ema.state_dict.module"),
    "net": (lambda w: {"net": w, "acc": 0.5}, "net"),
    "network": (lambda w: {"network": named("net.", w)}, "network.net"),
    "teacher": (lambda w: {"teacher": {"model": w}}, "teacher.model"),
    "a word of their own": (lambda w: {"state_dict": named("lifter.", w)}, "state_dict.lifter"),
    "a key of their own": (lambda w: {"run": {"best": OrderedDict(w)}}, "run.best"),
    "optimizer beside": (
        lambda w: {"model": w, "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}, "step": torch.zeros(1)}},
        "model",
    ),
}


@pytest.mark.parametrize("kind", WRAPPINGS)
def test_choose_weights_each_wrapping_gives_the_same_weights(kind: str, weights: Weights) -> None:
    wrap, where = WRAPPINGS[kind]
    found = chosen(wrap(weights))
    assert found.match.network.name == NETWORK
    assert found.match.complete
    assert found.where == where
    assert not found.others
    assert found.match.tensors.keys() == weights.keys()
    assert all(
        found.match.tensors[key] is value or torch.equal(found.match.tensors[key], value)
        for key, value in weights.items()
    )


@pytest.mark.parametrize(
    ("wrap", "first", "second"),
    [
        (lambda a, b: {"ema": b, "model": a}, "model", "ema"),
        (
            lambda a, b: {"state_dict": {**named("teacher.", b), **named("student.", a)}},
            "state_dict.student",
            "state_dict.teacher",
        ),
        (lambda a, b: {"model_ema": {"module": b}, "net": a}, "net", "model_ema.module"),
        (
            lambda a, b: {"best_state_dict": b, "state_dict": named("module.", a)},
            "state_dict.module",
            "best_state_dict",
        ),
        (lambda a, b: {**a, "ema": b}, "", "ema"),
    ],
)
def test_choose_weights_two_sets_prefers_trained_and_names_the_other(
    wrap: Callable[[Weights, Weights], Any], first: str, second: str, weights: Weights
) -> None:
    averaged = {key: value + 1 for key, value in weights.items()}
    found = chosen(wrap(weights, averaged))
    assert (found.where, found.others) == (first, (second,))
    assert torch.equal(found.match.tensors["w1.weight"], weights["w1.weight"])
    found = chosen(wrap(weights, averaged), second)
    assert found.where == second
    assert torch.equal(found.match.tensors["w1.weight"], averaged["w1.weight"])


def test_choose_weights_equal_sets_are_not_ambiguous(weights: Weights) -> None:
    copy = {key: value.clone() for key, value in weights.items()}
    assert not chosen({"state_dict": weights, "best_state_dict": copy}).others


def test_choose_weights_unknown_set_suggests_a_similar_one(weights: Weights) -> None:
    with pytest.raises(ModelError, match=r"file\.pth: no weights under 'emaa' \(did you mean ema\?\); there are: "):
        chosen({"model": weights, "ema": weights}, "emaa")


def test_choose_weights_takes_the_matching_set(weights: Weights) -> None:
    other = {"layer.weight": torch.zeros(2)}
    assert chosen({"state_dict": other, "discriminator": {"a": other}, "lifter": weights}).where == "lifter"


def test_without_inserted_colliding_names_are_kept() -> None:
    both = {"_orig_mod.a": torch.zeros(1), "a": torch.ones(1)}
    assert without_inserted(both) == both


def test_name_prefixes_common_prefixes_are_listed() -> None:
    assert name_prefixes(["module.model.a.b", "module.model.a.c"]) == (
        "",
        "module.",
        "module.model.",
        "module.model.a.",
    )


def test_weight_sets_cyclic_or_deep_dictionaries_are_bounded() -> None:
    content: dict[str, Any] = {f"key{index}": {"weight": torch.zeros(1)} for index in range(3 * MOST_SETS)}
    content["self"] = content["other"] = content
    assert len(weight_sets(content)) == MOST_SETS
    deep: dict[str, Any] = {"weight": torch.zeros(1)}
    for _ in range(5000):
        deep = {"a": deep}
    assert not weight_sets(deep)


def test_read_checkpoint_whole_network_needs_trust(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pth")
    with pytest.raises(ModelError, match="refused: it holds"):
        read_checkpoint(tmp_path / "whole.pth")
    assert read_checkpoint(tmp_path / "whole.pth", trust=True).tensors.keys() == {"weight", "bias"}
