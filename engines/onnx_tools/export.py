"""Exports networks to ONNX, for the inference engines and as files."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engines.body.body import Body, open_body
from engines.body.select import body_map
from engines.cards.card import Card, read_weights
from engines.errors import ModelError
from engines.files.safetensors_header import parse_safetensors
from engines.networks.registry import Network, build, network

log = logging.getLogger("meshcast.engines")

OPSET = 17
TOLERANCE = 1e-3  # difference between eager and the exported file, relative to the largest value of an output


def export(card: Card, body: Body | None, outputs: tuple[str, ...] = ()) -> bytes:
    """Exports a card's network to ONNX with a free batch axis N and the named outputs, by default all.

    body (None: the bundled one) has the mesh of a graph network and the constants of DecoMR. Raises ModelError when the
    card has no network, its weights do not fit, or the file differs from eager on random input.
    """
    if not card.network:
        raise ModelError(
            f"{card.name}: is ONNX already; use {', '.join(str(variant.file) for variant in card.variants)}"
        )
    known, body = network(card.network), body or open_body()
    chosen = _SelectedOutputs(load_network(card, body, gather=True), known, body, outputs or known.outputs).eval()
    data = _to_onnx(chosen, known, card, outputs or known.outputs)
    errors = differences(data, chosen, example(card, 3))
    worst = max(errors, key=lambda name: errors[name])
    if not errors[worst] <= TOLERANCE:
        raise ModelError(
            f"{card.name}: the exported {worst} differs by {errors[worst]:.1e} of its largest value; "
            "check the version of torch"
        )
    log.info("%s: exported, differs by at most %.1e (%s)", card.name, errors[worst], worst)
    return data


def load_network(card: Card, body: Body | None = None, *, gather: bool = False) -> nn.Module:
    """The torch module of a card in evaluation mode, with its weights (loaded strictly) or seeded random ones."""
    body = body or open_body()
    graph = network(card.network).joints is not None
    mesh = (body.faces, body.v_template) if graph else (None, None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build(card.network, *mesh, gather=gather)
    if card.variants:
        from safetensors.torch import load

        variant = card.variants[0]
        weights = parse_safetensors(load, read_weights(variant), variant.file)
        try:
            module.load_state_dict(weights, strict=True)
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            hint = f" (the mesh is {body.name}'s)" if graph else ""
            raise ModelError(f"{card.name}: its weights do not fit the network{hint}: {reason}") from None
    return module.eval()


def example(card: Card, batch: int) -> tuple[Tensor, ...]:
    """Seeded noise for a card's network, of the card's own input size."""
    generator = torch.Generator().manual_seed(1)
    shapes = list(network(card.network).inputs.values())
    if len(shapes) == 1:
        shapes = [tuple(int(side) for side in card.input.shape[1:])]
    return tuple(torch.randn(batch, *shape, generator=generator) for shape in shapes)


def _to_onnx(chosen: _SelectedOutputs, known: Network, card: Card, outputs: tuple[str, ...]) -> bytes:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        warnings.simplefilter("ignore")  # the tracer warns about every shape that it treats as constant
        torch.onnx.export(
            chosen,
            example(card, 2),
            file,
            input_names=list(known.inputs),
            output_names=list(outputs),
            dynamic_axes={name: {0: "N"} for name in (*known.inputs, *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
        return file.read_bytes()


def differences(data: bytes, module: nn.Module, example: tuple[Tensor, ...]) -> dict[str, float]:
    """The largest difference of each output between ONNX Runtime and eager, relative to its largest value."""
    import onnxruntime as ort

    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    inputs = {entry.name: x.numpy() for entry, x in zip(session.get_inputs(), example, strict=True)}
    with torch.inference_mode():
        eager = module(*example)
    result = {}
    for entry, got, wanted in zip(session.get_outputs(), session.run(None, inputs), eager, strict=True):
        reference = wanted.numpy()
        result[entry.name] = float(np.abs(got - reference).max() / max(np.abs(reference).max(), 1e-12))
    return result


class _SelectedOutputs(nn.Module):
    """A network with constant inputs, which returns a tuple of the selected outputs."""

    def __init__(self, module: nn.Module, known: Network, body: Body, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.module = module
        self._index = [known.outputs.index(name) for name in outputs]
        self._fixed = list(known.fixed)
        for name, shape in known.fixed.items():
            self.register_buffer(name, _fixed(name, shape, body), persistent=False)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        made = self.module(*inputs, *(getattr(self, name) for name in self._fixed))
        everything = (made,) if isinstance(made, Tensor) else tuple(made)
        return tuple(everything[index] for index in self._index)


def _fixed(name: str, shape: tuple[int, ...], body: Body) -> Tensor:
    """The reference map of DecoMR: the position of each texel on the body's rest mesh, m."""
    maps = body_map(body, shape[1])
    return torch.from_numpy(maps.to_map(body.v_template[None]))
