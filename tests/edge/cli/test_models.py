"""`meshcast models`, and runs with imported and untrained models."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE  # noqa: E402
from engines import build  # noqa: E402
from engines.body.body import load_body, open_body  # noqa: E402
from engines.cards.card import load_card  # noqa: E402
from engines.importing.body_file import save_body  # noqa: E402
from tests.support.commands import Command, CommandResult  # noqa: E402


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks are converted once for all tests of this file."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def user_folders(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return tmp_path / "data" / "meshcast" / "models"


def saved(content: object, path: Path) -> Path:
    torch.save(content, path)
    return path


LARGER = 1.1


def smpl_pickle(path: Path) -> Path:
    """A little larger than the open body, as SMPL publishes its own: a pickled dictionary."""
    body = open_body()
    table = np.stack([body.parents, np.arange(24)]).astype(np.uint32)
    model = {
        "v_template": LARGER * body.v_template.astype(np.float64),
        "shapedirs": body.shape_dirs.astype(np.float64),
        "posedirs": np.zeros((6890, 3, 207)),
        "weights": body.weights.astype(np.float64),
        "J_regressor": body.joint_regressor.astype(np.float64),
        "kintree_table": table,
        "f": body.faces.astype(np.uint32),
        "bs_type": "lrotmin",
        "bs_style": "lbs",
    }
    path.write_bytes(pickle.dumps(model, protocol=2))
    return path


@pytest.fixture
def detector(meshcast: Command, tmp_path: Path, user_folders: Path) -> CommandResult:
    """The result of importing a detector with random weights as yolox_nano."""
    torch.manual_seed(0)
    path = saved({"start_epoch": 300, "model": build("yolox_nano").state_dict()}, tmp_path / "yolox_nano.pth")
    return meshcast("models", "import", path)


def test_models_import_detector_prints_network_and_license(detector: CommandResult, meshcast: Command) -> None:
    assert detector.code == EXIT_WHOLE
    assert "yolox_nano.pth is yolox_nano, weights under 'model'" in detector.out
    assert "license: Apache-2.0" in detector.out
    assert "--detector yolox_nano" in detector.out
    said = meshcast("models", "show", "yolox_nano")
    assert re.search(r"imported +from a file with sha256 [0-9a-f]{64}", said.out)


@pytest.mark.usefixtures("detector")
def test_run_imported_detector_has_trained_weights(meshcast: Command, tmp_path: Path, blank_clip: Path) -> None:
    run = ("run", blank_clip, "--detector", "yolox_nano", "--summary", tmp_path / "s.json")
    assert meshcast(*run).code == EXIT_WHOLE
    report = json.loads((tmp_path / "s.json").read_text())
    assert report["models"]["detector"]["weights"] == "trained"
    assert report["warnings"] == report["remarks"] == []


@pytest.mark.usefixtures("detector")
def test_models_export_imported_detector_writes_onnx(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("models", "export", "yolox_nano", tmp_path / "out.onnx")
    assert said.code == EXIT_WHOLE
    assert [entry.name for entry in onnx.load(tmp_path / "out.onnx").graph.output] == ["raw", "decoded"]


@pytest.mark.usefixtures("detector")
def test_models_remove_imported_detector_leaves_no_file(meshcast: Command, user_folders: Path) -> None:
    assert meshcast("models", "remove", "yolox_nano").code == EXIT_WHOLE
    assert list(user_folders.iterdir()) == []
    assert meshcast("models", "remove", "yolox_nano").code == EXIT_USAGE


def test_run_untrained_pose_model_warns(meshcast: Command, tmp_path: Path, person_clip: Path) -> None:
    said = meshcast("run", person_clip, "--pose", "hrnet_w32", "--refine", "dark", "--flip-test", "--max-frames", "2")
    assert said.code == EXIT_WHOLE
    assert "hrnet_w32_256x192 (openvino, cpu, fp32, untrained)" in said.out
    assert "note         hrnet_w32_256x192 is untrained" in said.out
    said = meshcast("run", person_clip, "--flip-test")
    assert said.code == EXIT_INPUT
    assert "movenet_thunder: no flip test" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("mesh", ["pare_resnet50", "dct", "decomr", "pose2mesh_coco"])
def test_run_every_mesh_head_produces_meshes(mesh: str, meshcast: Command, tmp_path: Path, person_clip: Path) -> None:
    """With random weights: the plumbing, the cameras and the memory are what is tested."""
    out = ("--save", tmp_path / "a.npz", "--overlay", tmp_path / "a.png", "--overlay-attention")
    said = meshcast("run", person_clip, "--mesh", mesh, "--summary", tmp_path / "s.json", *out)
    assert said.code == EXIT_WHOLE
    report = json.loads((tmp_path / "s.json").read_text())
    assert report["models"]["mesh"]["weights"] == "untrained"
    assert report["dropped_people"] == 0
    assert f"{load_card(mesh).name} is untrained" in " ".join(report["warnings"])
    with np.load(tmp_path / "a.npz") as made:
        assert len(made["vertices"]) >= 4
        assert np.isfinite(made["vertices"]).all()
        assert (made["translation"][:, 2] > 0).all()
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_models_import_body_is_listed_with_a_coarser_mesh(
    meshcast: Command, tmp_path: Path, user_folders: Path
) -> None:
    said = meshcast("models", "import", smpl_pickle(tmp_path / "SMPL_NEUTRAL.pkl"))
    assert said.code == EXIT_WHOLE
    assert "license: non-commercial" in said.out
    assert "imported as smpl_neutral" in said.out
    body = load_body(next(user_folders.glob("smpl_neutral-*.npz")))
    np.testing.assert_allclose(body.v_template, LARGER * open_body().v_template, atol=1e-6)
    assert body.lod is not None
    assert len(body.lod.vertices) == 1722
    assert ["body", "smpl_neutral", "yes"] in [line.split()[:3] for line in meshcast("models").out.splitlines()]


@pytest.mark.usefixtures("user_folders")
def test_run_imported_body_is_used_unless_another_is_chosen(
    meshcast: Command, tmp_path: Path, person_clip: Path
) -> None:
    assert meshcast("models", "import", smpl_pickle(tmp_path / "SMPL_NEUTRAL.pkl")).code == EXIT_WHOLE
    weights = build("dct_single_branch").state_dict()
    assert meshcast("models", "import", saved(weights, tmp_path / "img_res50.pth")).code == EXIT_WHOLE
    said = meshcast("run", person_clip, "--mesh", "dct", "--max-frames", "2", "--summary", tmp_path / "s.json")
    assert said.code == EXIT_WHOLE
    warnings = " ".join(json.loads((tmp_path / "s.json").read_text())["warnings"])
    assert "mean parameters" in warnings
    assert "shape directions" not in warnings  # it is the imported body that is driven
    said = meshcast("run", person_clip, "--mesh", "dct", "--max-frames", "2", "--body", "open_smpl_body")
    assert "whose shape directions are not those of SMPL" in said.out
    assert meshcast("run", person_clip, "--mesh", "dct", "--body", "no_such_body").code == EXIT_USAGE


def test_run_weights_for_another_mesh_are_rejected(meshcast: Command, tmp_path: Path, person_clip: Path) -> None:
    weights = {"epoch": 1, "CNet": {}, "LNet": {}}
    for key, value in build("decomr").state_dict().items():
        part, _, name = key.partition(".")
        weights[part][name] = value
    assert meshcast("models", "import", saved(weights, tmp_path / "decomr.pt")).code == EXIT_WHOLE
    said = meshcast("run", person_clip, "--mesh", "decomr", "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert "import that body first" in said.err
    assert not (tmp_path / "a.npz").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda body: replace(body, weights=body.weights[:, :20]), r"weights"),
        (lambda body: replace(body, faces=body.faces + 5000), r"f goes from 5000 to 11889; expected 0 to 6889"),
        (lambda body: replace(body, joint_regressor=body.joint_regressor[:, :100]), r"J_regressor"),
    ],
)
def test_models_import_body_with_wrong_shapes_is_rejected(
    change: Callable[[Any], Any], says: str, meshcast: Command, tmp_path: Path, user_folders: Path
) -> None:
    save_body(change(open_body()), tmp_path / "body.npz")
    said = meshcast("models", "import", tmp_path / "body.npz")
    assert said.code == EXIT_INPUT
    assert re.search(says, said.err)
    assert len(said.err.splitlines()) == 1
    assert not user_folders.exists()


def tiny_pose(folder: Path, shape: list[str | int], card: str) -> Path:
    """A pose model that always sees the same SimCC bins, with a card beside it."""
    from onnx import TensorProto, helper

    x, y = np.full((1, 17, 384), -4, np.float32), np.full((1, 17, 512), -4, np.float32)
    x[0, np.arange(17), 60 + 15 * np.arange(17)] = 0.8
    y[0, np.arange(17), 40 + 25 * np.arange(17)] = 0.7
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Reshape", ["nothing", "column"], ["zeros"]),
        helper.make_node("Add", ["x", "zeros"], ["simcc_x"]),
        helper.make_node("Add", ["y", "zeros"], ["simcc_y"]),
    ]
    constants = [
        onnx.numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
        onnx.numpy_helper.from_array(np.array([-1, 1, 1], np.int64), "column"),
        onnx.numpy_helper.from_array(x, "x"),
        onnx.numpy_helper.from_array(y, "y"),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 17, bins])
            for name, bins in (("simcc_x", 384), ("simcc_y", 512))
        ],
        constants,
    )
    path = folder / "rtmpose.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    path.with_suffix(".toml").write_text(card)
    return path


CARD = """
task = "pose"
family = "simcc"
keypoints = "coco17"

[input]
name = "image"
shape = ["N", 3, 256, 192]
size = 256
color = "rgb"
mean = [123.675, 116.28, 103.53]
std = [58.395, 57.12, 57.375]

[decode]
bins_per_px = 2.0

[variants.fp32]
file = "rtmpose.onnx"
"""


@pytest.mark.parametrize("batch", ["N", 1], ids=["free batch", "batch of one"])
@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_run_onnx_file_with_card(
    batch: str | int, backend: str, meshcast: Command, tmp_path: Path, person_clip: Path
) -> None:
    path = tiny_pose(tmp_path, [batch, 3, 256, 192], CARD)
    said = meshcast(
        "run", person_clip, "--pose", path, "--backend", backend, "--smooth", "off", "--save", tmp_path / "a.npz"
    )
    assert said.code == EXIT_WHOLE, said.err
    with np.load(tmp_path / "a.npz") as made:
        keypoints = made["keypoints"][0]
    step = np.diff(keypoints[:, :2], axis=0)
    np.testing.assert_allclose(step[:, 1] / step[:, 0], 25 / 15, rtol=1e-3)
    np.testing.assert_allclose(keypoints[:, 2], 0.7, atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "card", "says"),
    [
        ([1, 3, 256, 192], None, "its card rtmpose.toml is missing beside it"),
        ([1, 3, 256, 192], CARD + "\n[extra]\na = 1\n", "unknown entry extra"),
        ([1, 3, 256, 192], CARD.replace("bins_per_px", "bins"), "unknown entry decode.bins"),
        ([1, 3, 256, 192], CARD.replace('"coco17"', '["nose"]'), "17"),
        ([1, 3, 256, 192], CARD.replace('"coco17"', '"coco18"'), "keypoints 'coco18' is not one of coco17"),
        ([1, 3, 256, 192], CARD.replace("256, 192", '"H", "W"'), "height and width in the card's input.shape"),
        ([1, 3, 256, 192], CARD.replace("256, 192", "384, 288"), "rtmpose"),
        ([8, 3, 256, 192], CARD, "its batch is fixed at 8"),
        ([1, 3, 256, 192], CARD.replace('"simcc"', '"heatmaps"'), "rtmpose"),
    ],
    ids=["no card", "table", "entry", "keypoints", "set", "free size", "other size", "batch", "family"],
)
def test_run_mismatched_card_is_one_line(
    shape: list[int], card: str | None, says: str, meshcast: Command, tmp_path: Path, person_clip: Path
) -> None:
    path = tiny_pose(tmp_path, list(shape), card or "")
    if card is None:
        path.with_suffix(".toml").unlink()
    said = meshcast("run", person_clip, "--pose", path, "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "a.npz").exists()
