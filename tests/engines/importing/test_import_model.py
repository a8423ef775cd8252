"""Importing published checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engines.cards.card import cards, load_card, user_models  # noqa: E402
from engines.errors import ModelError, UnknownNameError  # noqa: E402
from engines.importing.body_file import save_body  # noqa: E402
from engines.importing.import_model import import_file, remove  # noqa: E402
from engines.networks.registry import build  # noqa: E402
from engines.onnx_tools.export import load_network  # noqa: E402
from tests.support.paths import GOLDEN  # noqa: E402


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "meshcast" / "models"


def state(name: str) -> dict[str, Any]:
    torch.manual_seed(1)
    return dict(build(name).state_dict())


def prefixed(prefix: str, weights: dict[str, Any]) -> dict[str, Any]:
    return {prefix + key: value for key, value in weights.items()}


def saved(content: object, path: Path) -> Path:
    torch.save(content, path)
    return path


Wrap = Callable[[dict[str, Any]], object]
WRAPPED: list[tuple[str, str, Wrap, str]] = [
    ("yolox_nano", "yolox_nano.pth", lambda w: {"start_epoch": 300, "model": w}, "yolox_nano"),
    ("hrnet_w32", "pose_hrnet_w32_256x192.pth", lambda w: w, "hrnet_w32_256x192"),
    ("hrnet_w32", "pose_hrnet_w32_384x288.pth", lambda w: w, "hrnet_w32_384x288"),
    (
        "hrnet_w32",
        "checkpoint.pth",
        lambda w: {"model": "x", "state_dict": prefixed("module.", w)},
        "hrnet_w32_256x192",
    ),
    (
        "pare_resnet50",
        "pare.ckpt",
        lambda w: {
            "state_dict": {**prefixed("model.", w), "model.smpl.faces": torch.zeros(3), "loss.x": torch.ones(1)}
        },
        "pare_resnet50",
    ),
    (
        "decomr",
        "decomr.pt",
        lambda w: {p: {k[5:]: v for k, v in w.items() if k.startswith(p)} for p in ("CNet", "LNet")},
        "decomr",
    ),
    ("dct_single_branch", "img_res50.pth", lambda w: w, "dct_single_branch"),
]


@pytest.mark.parametrize(("network", "file", "wrap", "name"), WRAPPED, ids=[f"{n}-{f}" for n, f, _, _ in WRAPPED])
def test_import_file_published_checkpoint_becomes_a_model(
    tmp_path: Path, network: str, file: str, wrap: Wrap, name: str
) -> None:
    weights = state(network)
    path = saved(wrap(weights), tmp_path / file)
    made = import_file(path)
    card = made.card
    assert (card.name, card.network) == (name, network)
    assert card == load_card(name)
    assert card.imported_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not card.untrained
    loaded = load_network(card).state_dict()
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(loaded[key], weights[key]) for key in weights)
    if network.startswith("pare"):
        assert "non-commercial" in card.license
        assert "ignored tensors that the network does not use: smpl.faces and 1 more" in " ".join(made.warnings)


def test_import_file_pose2mesh_for_the_bundled_body_is_imported(tmp_path: Path) -> None:
    weights = state("pose2mesh_full_coco")
    made = import_file(saved({"model_state_dict": weights, "train_log": [1.0]}, tmp_path / "final.pth.tar"))
    assert made.card.name == "pose2mesh_coco"
    loaded = load_network(made.card).state_dict()
    assert all(torch.equal(loaded[key], weights[key]) for key in weights)


def test_import_file_network_for_other_joints_names_the_shape(tmp_path: Path) -> None:
    weights = state("pose2mesh_posenet_coco")
    weights["w1.weight"] = torch.zeros(4096, 2 * 20)
    with pytest.raises(
        ModelError, match=r"posenet_coco, but with 1 entry of another shape \(w1\.weight is 4096 x 40, not"
    ):
        import_file(saved(weights, tmp_path / "file.pth"))


def test_import_file_without_batch_counters_is_imported(tmp_path: Path) -> None:
    weights = {key: value for key, value in state("yolox_nano").items() if not key.endswith("num_batches_tracked")}
    card = import_file(saved({"model": weights}, tmp_path / "old.pth")).card
    assert load_network(card)


def test_import_file_own_name_is_used(tmp_path: Path) -> None:
    card = import_file(saved(state("yolox_nano"), tmp_path / "mine.pth"), "my_detector").card
    assert (card.name, card.family) == ("my_detector", "yolox")
    assert load_card("yolox_nano").untrained


def test_remove_imported_model_removes_its_files(tmp_path: Path, data_folder: Path) -> None:
    import_file(saved(state("yolox_nano"), tmp_path / "mine.pth"), "my_detector")
    assert remove("my_detector")
    assert not list(data_folder.iterdir())
    with pytest.raises(UnknownNameError, match="not an imported model"):
        remove("my_detector")


def test_import_file_two_weight_sets_chooses_one_with_a_warning(tmp_path: Path) -> None:
    weights = state("yolox_nano")
    averaged = {key: value + 1 for key, value in weights.items()}
    path = saved({"model": prefixed("_orig_mod.module.", weights), "ema": {"module": averaged}}, tmp_path / "two.pth")
    made = import_file(path)
    assert made.identified == "yolox_nano, weights under 'model.module'"
    assert "the file holds other weights of this network: ema.module; choose with --weights" in made.warnings
    key = "head.obj_preds.0.bias"
    assert torch.equal(load_network(made.card).state_dict()[key], weights[key])
    assert torch.equal(load_network(import_file(path, weights="ema").card).state_dict()[key], averaged[key])


def test_import_file_non_finite_weights_raise(tmp_path: Path) -> None:
    weights = state("yolox_nano")
    weights["head.obj_preds.0.bias"] = torch.full((1,), torch.nan)
    with pytest.raises(ModelError, match=r"head\.obj_preds\.0\.bias holds numbers that are not finite"):
        import_file(saved({"model": weights, "other": {"a": torch.ones(1)}}, tmp_path / "nan.pth"))


def test_import_file_name_selects_the_input_size(tmp_path: Path) -> None:
    path = saved(state("hrnet_w32"), tmp_path / "weights.pth")
    made = import_file(path)
    assert made.card.name == "hrnet_w32_256x192"
    assert "hrnet_w32_384x288 too; choose with --as" in made.warnings[0]
    assert import_file(path, "hrnet_w32_384x288").card.input.shape == ("N", 3, 384, 288)
    assert load_card("hrnet_w32").name == "hrnet_w32_256x192"


def test_import_file_same_name_replaces_the_first_import(tmp_path: Path, data_folder: Path) -> None:
    for seed in (1, 2):
        torch.manual_seed(seed)
        import_file(saved(build("yolox_nano").state_dict(), tmp_path / "yolox_nano.pth"))
    assert len(list(data_folder.iterdir())) == 2
    assert len([card for card in cards() if card.name == "yolox_nano"]) == 1


def reshaped(weights: dict[str, Any]) -> dict[str, Any]:
    key = "head.cls_preds.0.weight"
    return {**weights, key: torch.zeros(3, *weights[key].shape[1:])}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda w: {k: v for k, v in w.items() if "obj_preds.1" not in k},
            r"most similar to yolox_nano, but with 2 entries missing \(",
        ),
        (lambda w: {**w, "head.extra.weight": torch.ones(1)}, r"1 entry unexpected \(head\.extra\.weight\)"),
        (reshaped, r"1 entry of another shape \(head\.cls_preds\.0\.weight is 3 x 64 x 1 x 1, not 80 x 64 x 1 x 1\)"),
    ],
)
def test_import_file_mismatched_tensor_is_named_in_the_error(
    tmp_path: Path, data_folder: Path, change: Wrap, said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        import_file(saved(change(state("yolox_nano")), tmp_path / "file.pth"))
    assert not data_folder.exists()


def test_import_file_other_architecture_names_the_most_similar(tmp_path: Path, data_folder: Path) -> None:
    path = saved(state("yolox_nano"), tmp_path / "file.pth")
    with pytest.raises(ModelError, match=r"not hrnet_w32: most similar to yolox_nano$"):
        import_file(path, "hrnet_w32")
    other = {f"blocks.{i}.attn.qkv.weight": torch.zeros(4, 4) for i in range(12)}
    with pytest.raises(ModelError, match=r"not a known network; the most similar one is \w+ \(0% of the tensors\)"):
        import_file(saved(other, tmp_path / "vit.pth"))
    assert not data_folder.exists()


def test_import_file_part_of_a_model_raises(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds pose2mesh_posenet_human36, which is only a part of a model"):
        import_file(saved(state("pose2mesh_posenet_human36"), tmp_path / "posenet.pth.tar"))


def test_import_file_taken_or_invalid_name_raises(tmp_path: Path) -> None:
    path = saved(state("yolox_nano"), tmp_path / "file.pth")
    with pytest.raises(ModelError, match="bundled model"):
        import_file(path, "nanodet_g")
    with pytest.raises(ModelError, match="cannot be a model's name"):
        import_file(path, "../escape")


def test_import_file_unwritable_data_folder_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "blocked"))
    with pytest.raises(ModelError, match="cannot be written"):
        import_file(saved(state("yolox_nano"), tmp_path / "file.pth"))


def test_user_models_is_in_the_data_folder(data_folder: Path) -> None:
    assert user_models() == data_folder


def test_import_file_hand_network_needs_the_imported_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weights fit the hand's mesh, which is imported first."""
    from engines.body.body import Body, load_body

    sphere = np.load(GOLDEN / "pose2mesh_full_mano_ico.npz")
    vertices, faces = sphere["graph.vertices"].astype(np.float32), sphere["graph.faces"].astype(np.int32)
    count = len(vertices)
    hand = Body(
        name="hand",
        v_template=vertices,
        shape_dirs=np.zeros((count, 3, 10), np.float32),
        weights=np.full((count, 16), 1 / 16, np.float32),
        joint_regressor=np.full((16, count), 1 / count, np.float32),
        parents=np.array([-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14], np.int32),
        faces=faces,
        joint_names=tuple(f"joint{index}" for index in range(16)),
    )
    save_body(hand, tmp_path / "MANO_RIGHT.npz")
    path = saved(
        {"model_state_dict": build("pose2mesh_full_mano", faces, vertices).state_dict()}, tmp_path / "final.pth"
    )
    with pytest.raises(ModelError, match=r"most similar to pose2mesh_full_mano, but with 2 entries of another shape"):
        import_file(path)
    imported = import_file(tmp_path / "MANO_RIGHT.npz").card
    assert imported.family == "mano"
    lod = load_body(imported.variants[0].file).lod
    assert lod is not None
    assert len(lod.vertices) == 400
    assert import_file(path).card.name == "pose2mesh_mano"
