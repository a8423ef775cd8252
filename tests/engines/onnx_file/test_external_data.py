"""External data files of ONNX models: location, hashes, import and removal."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.cards.card import Card, load_card, read_weights
from engines.errors import ModelError
from engines.importing.import_model import import_file, remove
from engines.inference.session import open_session
from engines.onnx_file.external_data import data_files, embedded
from engines.onnx_file.protobuf import DamagedError

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

CARD = """
task = "pose"
family = "simcc"
keypoints = ["nose"]

[input]
name = "x"
shape = ["N", 4]

[variants.fp32]
file = "model.onnx"
"""
WEIGHTS = np.arange(12, dtype=np.float32).reshape(4, 3)


def proto() -> Any:
    """x (N, 4) times WEIGHTS, then plus a constant that an If holds in both its branches, with data of its own."""
    branches = {
        name: helper.make_graph(
            [helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.full(3, value, np.float32)))],
            name,
            [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3])],
        )
        for name, value in (("then", 2), ("other", 5))
    }
    nodes = [
        helper.make_node("MatMul", ["x", "weights"], ["product"]),
        helper.make_node("If", ["yes"], ["more"], then_branch=branches["then"], else_branch=branches["other"]),
        helper.make_node("Add", ["product", "more"], ["y"]),
    ]
    constants = [numpy_helper.from_array(WEIGHTS, "weights"), numpy_helper.from_array(np.array(True), "yes")]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def described(folder: Path, variant: str = "") -> Card:
    """The card of a model that is there, with more entries for its variant."""
    (folder / "model.toml").write_text(CARD + variant)
    return load_card(folder / "model.toml")


def saved(folder: Path, variant: str = "") -> Card:
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(
        proto(),
        str(folder / "model.onnx"),
        save_as_external_data=True,
        location="model.onnx.data",
        size_threshold=1,
        convert_attribute=True,
    )
    return described(folder, variant)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def moved(folder: Path, **entries: str) -> None:
    """Change where the first tensor's data lies."""
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    entry = {part.key: part for part in model.graph.initializer[0].external_data}
    for key, value in entries.items():
        entry[key].value = value
    (folder / "model.onnx").write_bytes(model.SerializeToString())


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another current folder, and an empty user's folder."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path


def test_read_weights_external_data_equals_onnx_loader(elsewhere: Path) -> None:
    card = saved(elsewhere / "zoo")
    whole = onnx.load_from_string(read_weights(card.variants[0]))
    onnx.checker.check_model(whole)
    np.testing.assert_array_equal(numpy_helper.to_array(whole.graph.initializer[0]), WEIGHTS)
    assert not data_files(whole.SerializeToString())


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_open_session_model_with_external_data_runs_from_any_folder(elsewhere: Path, backend: str) -> None:
    (y,) = open_session(saved(elsewhere / "zoo"), backend=backend, threads=1)(np.ones((2, 4), np.float32))
    np.testing.assert_array_equal(y, np.tile(WEIGHTS.sum(0) + 2, (2, 1)))


def test_read_weights_external_data_is_checked_against_its_hash(elsewhere: Path) -> None:
    folder = elsewhere / "zoo"
    model, data = folder / "model.onnx", folder / "model.onnx.data"
    saved(folder)
    hashed = f'sha256 = "{sha256(model)}"\n'
    card = described(folder, hashed)
    with pytest.raises(ModelError, match=f'SHA-256 is not in the card; add to the variant: data = .*"{sha256(data)}"'):
        read_weights(card.variants[0])
    card = described(folder, f'{hashed}data = {{ "model.onnx.data" = "{sha256(data)}" }}\n')
    assert read_weights(card.variants[0])
    data.write_bytes(data.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelError, match=r"model\.onnx\.data: damaged or replaced"):
        read_weights(card.variants[0])


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "link", "sub/../../secret", "", "none", "pipe"])
def test_read_weights_data_outside_of_the_folder_raises(elsewhere: Path, location: str) -> None:
    folder = elsewhere / "zoo"
    card = saved(folder)
    (elsewhere / "secret").write_bytes(bytes(4096))
    (folder / "link").symlink_to(elsewhere / "secret")
    os.mkfifo(folder / "pipe")
    moved(folder, location=location)
    with pytest.raises(ModelError, match=r"leads out of the folder|is not a file name|cannot be read") as caught:
        read_weights(card.variants[0])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"offset": "40960"}, "has 4144 bytes"),
        ({"length": "47"}, "weights: its data has 47 bytes, where its shape and type need 48"),
        ({"length": "-1"}, "the length of its data is not a number"),
        ({"offset": "9" * 5000}, "the offset of its data is not a number"),
    ],
)
def test_read_weights_invalid_data_range_raises(elsewhere: Path, entries: dict[str, str], said: str) -> None:
    card = saved(elsewhere / "zoo")
    data = elsewhere / "zoo" / "model.onnx.data"
    data.write_bytes(data.read_bytes().ljust(4144, b"\0")[:4144])
    moved(elsewhere / "zoo", **entries)
    with pytest.raises(ModelError, match=said):
        read_weights(card.variants[0])


def test_embedded_overlapping_tensors_raise(elsewhere: Path) -> None:
    saved(elsewhere / "zoo")
    model = onnx.load(str(elsewhere / "zoo" / "model.onnx"), load_external_data=False)
    for index in range(1000):
        model.graph.initializer.append(model.graph.initializer[0])
        model.graph.initializer[-1].name = f"copy{index}"
    with pytest.raises(DamagedError, match="tensors overlap in a data file"):
        embedded(model.SerializeToString(), lambda _: (elsewhere / "zoo" / "model.onnx.data").read_bytes())


def test_data_files_deeply_nested_graphs_raise() -> None:
    inner = b""
    for _ in range(200):
        attribute = b"\x32" + _sized(inner)  # AttributeProto.g
        node = b"\x2a" + _sized(attribute)
        inner = b"\x0a" + _sized(node)
    with pytest.raises(DamagedError, match="nested too deeply"):
        data_files(b"\x3a" + _sized(inner))


def _sized(data: bytes) -> bytes:
    size, made = len(data), bytearray()
    while size >= 0x80:
        made.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*made, size]) + data


@pytest.fixture
def imported(elsewhere: Path) -> Card:
    """A model with external data and a license file, imported as `mine`."""
    pytest.importorskip("torch")
    folder = elsewhere / "zoo"
    folder.mkdir()
    (folder / "LICENSE").write_text("free")
    saved(folder)
    (folder / "model.toml").write_text('license_files = ["LICENSE"]\n' + CARD)
    return import_file(folder / "model.onnx", "mine").card


def test_import_file_external_data_is_embedded(imported: Card) -> None:
    assert imported == load_card("mine")
    assert imported.variants[0].sha256 == sha256(imported.variants[0].file)
    assert not data_files(imported.variants[0].file.read_bytes())
    assert sorted(path.suffix for path in imported.path.parent.iterdir()) == [".onnx", ".toml", ".txt"]


def test_remove_imported_model_leaves_no_file(imported: Card) -> None:
    remove("mine")
    assert not list(imported.path.parent.iterdir())


def test_remove_last_card_removes_its_external_data(elsewhere: Path) -> None:
    folder = elsewhere / "home" / "meshcast" / "models"
    saved(folder)
    (folder / "other.toml").write_text(CARD)  # names the same files
    assert {path.name for path in remove("model")} == {"model.toml"}
    assert {path.name for path in remove("other")} == {"other.toml", "model.onnx", "model.onnx.data"}
