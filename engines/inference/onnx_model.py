"""The ONNX model to load for a card: its file, or a network that is exported and cached on first use."""

from __future__ import annotations

import hashlib
import logging

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.select import digest
from engines.cards.card import Card, Variant, read_weights
from engines.errors import ModelError
from engines.files.atomic import write_atomically
from engines.files.folders import no_folder, user_folder
from engines.files.install_hint import install_hint
from engines.files.safetensors_header import parse_safetensors
from engines.inference.model_check import fit_to_card

log = logging.getLogger("meshcast.engines")

BODY_SPECIFIC = ("pose2mesh", "decomr")  # families whose network is exported for the mesh of one body
VERSION = 1  # of the export of networks (engines.onnx_tools.export): a new one invalidates the cache


def checked_model(card: Card, variant: Variant | None, body: Body | None) -> bytes:
    """The ONNX model of `onnx_model` as sessions run it: an ONNX file is checked against its card first.

    Raises ModelError like onnx_model, and when inputs or outputs are not those of the card.
    """
    model = onnx_model(card, variant, body)
    if variant is None or not _from_file(card, variant):
        return model
    return fit_to_card(card, model, str(variant.file))


def onnx_model(card: Card, variant: Variant | None, body: Body | None) -> bytes:
    """The ONNX model of a card's variant; variant None is the untrained network. Needs torch only to export a network.

    Raises ModelError when the weights are damaged or the network cannot be converted.
    """
    if variant is not None and _from_file(card, variant):
        return read_weights(variant)
    parts = [str(VERSION), card.network, *map(str, card.input.shape), *card.outputs]
    if variant is None:
        parts.append("untrained")
    else:  # a card without a hash must not get the model of other weights
        parts.append(variant.sha256 or hashlib.sha256(read_weights(variant)).hexdigest())
    if card.family in BODY_SPECIFIC and body is not None:
        parts.append(digest(body))
    name = f"{card.name}-{_short('|'.join(parts).encode())}"
    cache = user_folder("cache")
    if cache is None:
        log.warning("%s: the network is exported at every start; %s", card.name, no_folder("cache"))
        return _convert(card, body)
    folder = cache / "onnx"
    for path in folder.glob(f"{name}-*.onnx"):
        data = path.read_bytes()
        if path.stem.endswith(_short(data)):
            return data
        path.unlink(missing_ok=True)  # damaged: it is exported again
    data = _convert(card, body)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{name}-{_short(data)}.onnx", data)
    except OSError as error:
        log.warning("%s: cannot be written (%s); the network is exported at every start", folder, error.strerror)
    return data


def onnx_weights(card: Card, body: Body) -> dict[str, NDArray[np.float32]]:
    """The state_dict of a network card as arrays; an untrained one has seeded random numbers and needs torch."""
    if card.variants:
        from safetensors.numpy import load

        variant = card.variants[0]
        return parse_safetensors(load, read_weights(variant), variant.file)
    try:
        from engines.onnx_tools.export import load_network
    except ImportError as error:
        raise ModelError(f"{card.name}: an untrained network needs torch ({error}); {install_hint('export')}") from None
    return {key: value.numpy() for key, value in load_network(card, body).state_dict().items()}


def _from_file(card: Card, variant: Variant) -> bool:
    """Whether a variant's file is ONNX; INT8 files always are."""
    return not card.network or variant.precision == "int8"


def _convert(card: Card, body: Body | None) -> bytes:
    try:
        from engines.onnx_tools.export import export
    except ImportError as error:
        raise ModelError(
            f"{card.name}: exporting the network needs torch ({error}); {install_hint('export')}"
        ) from None
    log.warning("%s: exporting the network to ONNX; this takes some seconds, once", card.name)
    return export(card, body, card.outputs)


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
