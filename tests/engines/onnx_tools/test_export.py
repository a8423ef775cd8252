"""Every network as ONNX: all backends equal eager torch at any batch size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from engines.body.body import open_body  # noqa: E402
from engines.cards.card import Card, cards, load_card  # noqa: E402
from engines.errors import ModelError  # noqa: E402
from engines.inference.backends.onnxruntime_cpu import OnnxRuntime  # noqa: E402
from engines.inference.backends.openvino_cpu import OpenVino  # noqa: E402
from engines.inference.backends.torch_eager import Torch  # noqa: E402
from engines.networks.registry import network  # noqa: E402
from engines.onnx_tools.export import TOLERANCE, example, export, load_network  # noqa: E402

TORCH_TOLERANCE = 1e-4  # of the same: the operators are those of eager

# DecoMR rounds positions to texels: the last bit of a number may bring a feature into the next one.
AFTER_ROUNDING = ("warped_feature", "warped_mask", "uv_map")
ROUNDED = 0.05

# One card of each network; the widths, input sizes and joint sets left out differ in nothing but numbers.
NETWORKS = [
    "hrnet_w32_256x192",
    "yolox_nano",
    "pose2mesh_coco",
    "pare_hrnet_w32",
    "pare_resnet50",
    "dct_single_branch",
    "dct_two_branch",
    "decomr",
]
# Inputs with a quarter of the pixels, where the network takes any size: the same operators in a fraction of the time.
SMALL_INPUTS = {
    "hrnet_w32_256x192": (128, 96),
    "yolox_nano": (224, 224),
    "pare_hrnet_w32": (128, 128),
    "pare_resnet50": (128, 128),
    "dct_single_branch": (128, 128),
}


def small_card(name: str) -> Card:
    """A card with the input of SMALL_INPUTS."""
    card = load_card(name)
    if name not in SMALL_INPUTS:
        return card
    return replace(card, input=replace(card.input, shape=(*card.input.shape[:2], *SMALL_INPUTS[name])))


@pytest.mark.parametrize("name", NETWORKS)
def test_export_outputs_equal_eager_on_each_backend(name: str) -> None:
    card = small_card(name)
    data = export(card, open_body())
    inputs = example(card, 2)
    module = load_network(card, open_body())
    fixed = {"decomr": _reference_map}.get(name, tuple)()
    with torch.inference_mode():
        made = module(*inputs, *fixed)
    eager = (made,) if isinstance(made, torch.Tensor) else tuple(made)
    assert len(eager) == len(network(card.network).outputs)
    for engine in (OpenVino(), OnnxRuntime()):
        session = engine.load(data, name, "cpu", "fp32", None)
        outputs = session(*(x.numpy() for x in inputs))
        for output, got, wanted in zip(network(card.network).outputs, outputs, eager, strict=True):
            reference = wanted.numpy()
            assert got.shape == reference.shape, output
            assert np.abs(got - reference).max() <= TOLERANCE * np.abs(reference).max(), (session.backend, output)
    outputs = Torch().load(data, name, "cpu", "fp32", None)(*(x.numpy()[:1] for x in inputs))
    for output, got, wanted in zip(network(card.network).outputs, outputs, eager, strict=True):
        reference = wanted.numpy()[:1]
        tolerance = ROUNDED if output in AFTER_ROUNDING else TORCH_TOLERANCE
        assert np.abs(got - reference).max() <= tolerance * np.abs(reference).max(), output


def _reference_map() -> tuple[object, ...]:
    from engines.body.select import body_map

    return (torch.from_numpy(body_map(open_body(), 64).to_map(open_body().v_template[None])),)


@pytest.mark.parametrize("card", [card for card in cards() if card.network], ids=lambda card: card.name)
def test_card_inputs_and_outputs_are_those_of_the_network(card: Card) -> None:
    known = network(card.network)
    assert card.input.name in known.inputs
    assert set(card.outputs) <= set(known.outputs)
    assert card.outputs


def test_export_selected_outputs_only(tmp_path: Path) -> None:
    import onnx

    card = load_card("yolox_nano")
    model = onnx.load_from_string(export(card, None, card.outputs))
    assert [entry.name for entry in model.graph.output] == ["decoded"]
    assert [entry.name for entry in model.graph.input] == ["image"]
    assert model.opset_import[0].version >= 17
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


def test_export_onnx_card_raises() -> None:
    with pytest.raises(ModelError, match="movenet_thunder: is ONNX already"):
        export(load_card("movenet_thunder"), None)
