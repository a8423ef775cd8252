"""Model cards: the bundled ones are complete, errors are one line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from engines.cards.card import Card, cards, load_card, read_weights
from engines.errors import ModelError, UnknownNameError

CARD = """
name = "tiny"
task = "pose"
family = "movenet"
title = "Tiny"
license = "CC0-1.0"
source = "made for this test"
keypoints = ["nose"]

[input]
name = "images"
shape = ["N", 3, 8, 8]
size = 8
color = "rgb"
mean = [0, 0, 0]
std = [1, 1, 1]

[variants.fp32]
file = "tiny.onnx"
sha256 = "{sha}"
"""


def write(folder: Path, text: str = CARD, weights: bytes = b"weights") -> Path:
    (folder / "tiny.onnx").write_bytes(weights)
    path = folder / "tiny.toml"
    path.write_text(text.replace("{sha}", hashlib.sha256(b"weights").hexdigest()), encoding="utf-8")
    return path


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_load_card_every_bundled_card_is_complete(card: Card) -> None:
    assert card.title
    assert card.license
    assert card.source
    assert set(card.auto) <= {"fp32", "bf16", "int8"}
    for variant in card.variants:
        assert read_weights(variant)
    for text in card.license_files:
        assert text.stat().st_size > 500


def test_cards_of_a_task_include_the_default_models() -> None:
    assert "nanodet_g" in [card.name for card in cards("detector")]
    assert "movenet_thunder" in [card.name for card in cards("pose")]
    assert load_card("movenet_thunder", "pose").keypoints[0] == "nose"
    assert len(load_card("movenet_thunder").keypoints) == 17


def test_load_card_unknown_name_lists_models_of_the_task() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown detector 'yolo9000'; there are: .*nanodet_g") as caught:
        load_card("yolo9000", "detector")
    assert "movenet" not in str(caught.value)
    with pytest.raises(UnknownNameError, match="nanodet_g"):
        load_card("../cards")
    with pytest.raises(UnknownNameError, match=r"is a detector model, not a pose model; there are: .*movenet_thunder"):
        load_card("nanodet_g", "pose")


def test_load_card_path_returns_its_entries(tmp_path: Path) -> None:
    card = load_card(write(tmp_path), "pose")
    assert card.name == "tiny"
    assert card.input.shape == ("N", 3, 8, 8)
    assert card.auto == ("fp32",)
    assert card.variant("int8") is None
    assert read_weights(card.variants[0]) == b"weights"
    with pytest.raises(UnknownNameError, match="unknown model"):
        load_card(tmp_path / "other.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('task = "pose"', 'task = "poses"', "task 'poses' is not one of detector, pose, mesh"),
        ('family = "movenet"', "", "family is missing"),
        ("size = 8", 'size = "8"', "input.size must be a whole number"),
        ("size = 8", "size = 0", "input.size must be positive"),
        ("std = [1, 1, 1]", "std = [1, 0, 1]", "input.std must be positive"),
        ("std = [1, 1, 1]", "std = [1]", "need three numbers"),
        ("[variants.fp32]", "[variants.fp64]", "a variant is fp32 or int8"),
        ("{sha}", "abc", "sha256"),
        ('title = "Tiny"', 'title = "Tiny"\ntitel = "x"', "unknown entry titel"),
        ('name = "tiny"', 'name = "other"', "differs from the file's"),
        ("[input]", "[input", "not a model card"),
        ("[input]", "a = " + "[" * 3000, "not a model card"),
    ],
)
def test_load_card_invalid_entry_is_named_in_the_error(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CARD
    path = write(tmp_path, CARD.replace(old, new, 1))
    with pytest.raises(ModelError, match=said) as caught:
        load_card(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("weights", [b"", b"weightz", b"weights\n"])
def test_read_weights_damaged_file_raises(tmp_path: Path, weights: bytes) -> None:
    card = load_card(write(tmp_path, weights=weights))
    with pytest.raises(ModelError, match="damaged or replaced") as caught:
        read_weights(card.variants[0])
    assert "tiny.onnx" in str(caught.value)


def test_read_weights_missing_file_raises(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "tiny.onnx").unlink()
    with pytest.raises(ModelError, match=r"tiny\.onnx: cannot be read"):
        read_weights(load_card(path).variants[0])


def test_read_weights_huge_sparse_file_raises(tmp_path: Path) -> None:
    card = load_card(write(tmp_path, CARD.replace("tiny.onnx", "tiny.safetensors")))
    with (tmp_path / "tiny.safetensors").open("wb") as file:
        file.truncate(15 << 30)  # takes no place on the disk
    with pytest.raises(ModelError, match=r"tiny\.safetensors: reading it takes 15\.0 GiB"):
        read_weights(card.variants[0])
