"""Packed ONNX files: the card and the files of a mesh model as metadata of the network.

A model can be exported and imported as one file. Other programs read the network and ignore the metadata.
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from engines.cards.card import Card, read_weights
from engines.cards.paths import UPSAMPLING
from engines.cards.renamed_keys import read_card_table, renamed
from engines.errors import ModelError
from engines.files.install_hint import install_hint

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "meshcast."
CARD = PREFIX + "card"
FILES = ("upsampling", "body")
LARGEST_CARD = 1 << 18
LARGEST_FILE = 96 << 20  # characters of base64
OPEN_BODY = Path(__file__).parents[1] / "zoo" / "open_smpl_body.npz"


def upsampling_path(card: Card) -> Path:
    """The path of the upsampling table of a mesh model, beside its card."""
    return card.path.with_suffix(UPSAMPLING)


def pack_card(card: Card) -> bytes:
    """Packs the float32 ONNX file of a card. Raises ModelError when one of its files is missing."""
    variant = card.variant("fp32") or card.variants[0]
    files = {"upsampling": _bytes(upsampling_path(card))} if upsampling_path(card).is_file() else {}
    if card.body and Path(card.body).name == card.body:
        files["body"] = _bytes(card.path.with_name(card.body))
    return pack(read_weights(variant), read_card_table(card.path), files)


def pack(model: bytes, card: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """Packs an ONNX model, a card's entries and the files beside it ("upsampling", "body"). The bundled body is left
    out, as every installation has it."""
    onnx = _onnx()
    try:
        graph = onnx.load_model_from_string(model)
    except Exception as error:  # protobuf's own kind of error
        raise ModelError(f"{card.get('name')}: the weights are not an ONNX file ({error})") from None
    kept = [entry for entry in graph.metadata_props if not entry.key.startswith(PREFIX)]
    texts = {CARD: tomli_w.dumps({key: value for key, value in card.items() if key != "variants"})}
    for name, data in files.items():
        if name == "body" and data == OPEN_BODY.read_bytes():
            continue
        texts[PREFIX + name] = base64.b64encode(data).decode()
    pairs = [(entry.key, entry.value) for entry in kept] + list(texts.items())
    del graph.metadata_props[:]
    for key, value in pairs:
        entry = graph.metadata_props.add()
        entry.key, entry.value = key, value
    packed: bytes = graph.SerializeToString()
    return packed


def unpack(path: Path, model: bytes) -> tuple[dict[str, Any], dict[str, bytes]] | None:
    """The card's entries and the files of a packed ONNX file; None where it is not packed. Raises ModelError."""
    onnx = _onnx()
    try:
        graph = onnx.load_model_from_string(model)
    except Exception as error:
        raise ModelError(f"{path}: not an ONNX file, or damaged ({' '.join(str(error).split())[:80]})") from None
    texts = {entry.key: entry.value for entry in graph.metadata_props if entry.key.startswith(PREFIX)}
    if CARD not in texts:
        return None
    if len(texts[CARD]) > LARGEST_CARD or any(len(text) > LARGEST_FILE for text in texts.values()):
        raise ModelError(f"{path}: its metadata is too long for a model card; export it again")
    try:
        card, _ = renamed(tomllib.loads(texts[CARD]), path)
        files = {
            name: base64.b64decode(texts[PREFIX + name], validate=True) for name in FILES if PREFIX + name in texts
        }
    except (tomllib.TOMLDecodeError, binascii.Error) as error:
        raise ModelError(f"{path}: its model card is damaged ({error}); export it again") from None
    if card.get("body") == OPEN_BODY.name:
        files.setdefault("body", OPEN_BODY.read_bytes())
    return card, files


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); the model is incomplete, install it again"
        ) from None


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ModelError(f"packed models: need the package onnx ({error}); {install_hint('export')}") from None
    return onnx
