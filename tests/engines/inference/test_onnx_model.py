"""Networks are converted to ONNX once and cached."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engines.body.body import Body, open_body
from engines.cards.card import Card, Variant, load_card, read_weights
from engines.inference import onnx_model as module
from engines.inference.onnx_model import onnx_model


@pytest.fixture
def converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the cards that were converted, in a cache of this test."""
    names: list[str] = []

    def convert(card: Card, body: Body | None) -> bytes:
        names.append(card.name)
        return f"ONNX of {card.name}, number {len(names)}".encode()

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_convert", convert)
    return names


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("meshcast/onnx/*"))


def test_onnx_model_network_is_converted_once(tmp_path: Path, converted: list[str]) -> None:
    card = load_card("yolox_nano")
    first = onnx_model(card, None, None)
    assert onnx_model(card, None, None) == first == kept(tmp_path)[0].read_bytes()
    assert converted == ["yolox_nano"]


DAMAGES: list[Callable[[bytes], bytes]] = [lambda data: data[:-3], lambda data: b"x" + data[1:], lambda data: b""]


@pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "changed", "empty"])
def test_onnx_model_damaged_cache_file_is_converted_again(
    tmp_path: Path, converted: list[str], damage: Callable[[bytes], bytes]
) -> None:
    card = load_card("yolox_nano")
    onnx_model(card, None, None)
    path = kept(tmp_path)[0]
    path.write_bytes(damage(path.read_bytes()))
    assert onnx_model(card, None, None) == b"ONNX of yolox_nano, number 2"
    assert [file.read_bytes() for file in kept(tmp_path)] == [b"ONNX of yolox_nano, number 2"]


def test_onnx_model_cache_key_covers_weights_outputs_size_and_body(converted: list[str]) -> None:
    """Weights, outputs and input size, and of networks that belong to a mesh the body: nothing else."""
    pare, mesh = load_card("pare"), load_card("pose2mesh_coco")
    other = replace(open_body(), v_template=open_body().v_template + 1)
    trained = Variant("fp32", Path("weights.safetensors"), "a" * 64)
    for card, variant, body, count in (
        (pare, None, open_body(), 1),
        (pare, None, other, 1),
        (pare, trained, None, 2),
        (pare, replace(trained, sha256="b" * 64), None, 3),
        (replace(pare, outputs=("pred_pose",)), None, None, 4),
        (replace(pare, input=replace(pare.input, shape=("N", 3, 256, 256))), None, None, 5),
        (mesh, None, open_body(), 6),
        (mesh, None, other, 7),
        (mesh, None, open_body(), 7),
    ):
        onnx_model(card, variant, body)
        assert len(converted) == count


def test_onnx_model_unwritable_cache_warns(
    tmp_path: Path, converted: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "blocked"))
    with caplog.at_level(logging.WARNING):
        assert onnx_model(load_card("yolox_nano"), None, None)
    assert "exported at every start" in caplog.text


def test_onnx_model_onnx_file_is_not_converted(tmp_path: Path, converted: list[str]) -> None:
    card = load_card("movenet_thunder")
    assert onnx_model(card, card.variants[0], None) == read_weights(card.variants[0])
    assert (converted, kept(tmp_path)) == ([], [])


def test_onnx_model_weights_without_hash_are_compared_by_content(tmp_path: Path, converted: list[str]) -> None:
    card = load_card("yolox_nano")
    variant = Variant("fp32", tmp_path / "weights.safetensors", "")
    for data, count in ((b"first", 1), (b"first", 1), (b"second", 2)):
        variant.file.write_bytes(data)
        onnx_model(card, variant, None)
        assert len(converted) == count
