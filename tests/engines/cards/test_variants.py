"""INT8 variants of a card."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from engines.cards.accuracy_gate import Gate, Metric
from engines.cards.card import Card, load_card, read_weights, user_models
from engines.cards.variants import add_int8
from engines.errors import ModelError
from engines.importing.import_model import remove
from engines.inference.onnx_model import onnx_model

GATE = Gate(
    samples="clip.mp4",
    calibrator="entropy",
    inputs=64,
    people=30,
    int8_share=0.95,
    kept=("Conv_1", "Conv_7"),
    metrics=(
        Metric("keypoint shift, median", "%", 0.25, 0.4),
        Metric("keypoint shift, 95th percentile", "%", 1.5),
        Metric("object keypoint similarity, mean", "", 0.99, 0.97, True),
    ),
)
FAILED = replace(GATE, metrics=(*GATE.metrics, Metric("people lost", "%", 3.0, 2.0)))


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "meshcast" / "models"


@pytest.fixture
def shipped() -> Card:
    return load_card("movenet_thunder")


def test_add_int8_bundled_model_writes_a_card_to_the_data_folder(shipped: Card, data_folder: Path) -> None:
    written = add_int8(shipped, b"int8 weights", GATE)
    card = load_card("movenet_thunder", "pose")
    assert card == written
    assert card.path.parent == data_folder == user_models()
    assert replace(card, path=shipped.path, variants=(), license_files=()) == replace(
        shipped, variants=(), license_files=()
    )
    assert [p.read_text() for p in card.license_files] == [p.read_text() for p in shipped.license_files]


@pytest.mark.usefixtures("data_folder")
def test_add_int8_bundled_model_has_both_variants(shipped: Card) -> None:
    card = add_int8(shipped, b"int8 weights", GATE)
    variant, floats = card.variant("int8"), card.variant("fp32")
    assert variant is not None
    assert floats is not None
    assert read_weights(variant) == b"int8 weights"
    assert variant.gate == GATE
    assert floats.sha256 == shipped.variants[0].sha256
    assert hashlib.sha256(read_weights(floats)).hexdigest() == floats.sha256


def test_remove_int8_card_restores_the_bundled_model(shipped: Card, data_folder: Path) -> None:
    add_int8(shipped, b"int8 weights", GATE)
    remove("movenet_thunder")
    assert load_card("movenet_thunder") == shipped
    assert not list(data_folder.iterdir())


def test_add_int8_second_variant_replaces_the_first(shipped: Card, data_folder: Path) -> None:
    add_int8(shipped, b"first", GATE)
    before = len(list(data_folder.iterdir()))
    card = add_int8(load_card("movenet_thunder"), b"second", GATE)
    assert len(list(data_folder.iterdir())) == before
    assert read_weights(card.variants[1]) == b"second"


def test_add_int8_failed_gate_raises_and_writes_nothing(shipped: Card, data_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"gate was not passed, people lost 3 % \(limit 2\)"):
        add_int8(shipped, b"int8 weights", FAILED)
    assert not data_folder.exists()


def test_add_int8_unwritable_folder_raises_one_line(shipped: Card, data_folder: Path) -> None:
    data_folder.parent.mkdir(parents=True)
    data_folder.write_text("a file")
    with pytest.raises(ModelError, match="cannot be written") as caught:
        add_int8(shipped, b"int8 weights", GATE)
    assert "\n" not in str(caught.value)


def test_add_int8_imported_network_uses_the_onnx_variant(data_folder: Path) -> None:
    data_folder.mkdir(parents=True)
    weights = b"safetensors"
    (data_folder / "w.safetensors").write_bytes(weights)
    text = load_card("hrnet_w32").path.read_text()
    (data_folder / "hrnet_w32_256x192.toml").write_text(
        f'{text}\n[variants.fp32]\nfile = "w.safetensors"\nsha256 = "{hashlib.sha256(weights).hexdigest()}"\n'
    )
    card = add_int8(load_card("hrnet_w32"), b"onnx in int8", GATE)
    assert card.aliases == ("hrnet_w32",)
    assert card.variants[0].precision == "fp32"
    assert read_weights(card.variants[0]) == weights
    assert onnx_model(card, card.variant("int8"), None) == b"onnx in int8"


def test_read_weights_variant_with_failed_gate_raises(shipped: Card) -> None:
    card = add_int8(shipped, b"int8 weights", GATE)
    variant = card.variants[1]
    text = card.path.read_text()
    assert "limit = 0.4" in text
    card.path.write_text(text.replace("limit = 0.4", "limit = 0.2"))
    with pytest.raises(
        ModelError, match=r"did not pass its accuracy gate, keypoint shift, median 0.25 % \(limit 0.2\)"
    ):
        read_weights(load_card("movenet_thunder").variants[1])
    assert read_weights(variant) == b"int8 weights"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value = 0.25", 'value = "little"', r"gate.figures\[0\].value must be a number"),
        ("value = 0.25\n", "", r"gate.figures\[0\].value is missing"),
        ("inputs = 64", "inputs = 64\nimputs = 1", "unknown entry variants.int8.gate.imputs"),
        ("at_least = true", 'at_least = "yes"', "at_least must be true or false"),
    ],
)
def test_load_card_invalid_gate_names_the_entry(shipped: Card, old: str, new: str, said: str) -> None:
    card = add_int8(shipped, b"int8 weights", GATE)
    text = card.path.read_text()
    assert old in text
    card.path.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelError, match=said):
        load_card("movenet_thunder")
