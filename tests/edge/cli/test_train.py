"""`meshcast train`: training, evaluation, export and import of a small model, and its errors."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command, load, report
from tests.support.paths import MEDIA

pytest.importorskip("torch")
pytest.importorskip("onnx")

from engines.cards.card import load_card
from engines.errors import ModelError
from engines.onnx_tools.packed_model import pack, unpack
from engines.training.loop import Reports, TrainingStopped
from engines.training.pose2mesh import TrainConfig, train_pose2mesh

SMALL = {"batch": 64, "evaluation_samples": 64, "ridge_samples": 300, "upsampling_samples": 24}


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "meshcast" / "models"


@dataclass(frozen=True)
class Trained:
    """A model that was trained for seconds on the poses that ship."""

    recipe: TrainConfig
    card: Path
    said: tuple[str, ...]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    said: list[str] = []
    recipe = TrainConfig(
        poses=("sample",),
        out=tmp_path_factory.mktemp("trained"),
        lifter_minutes=0.03,
        mesh_minutes=0.02,
        width=128,
        stages=1,
        name="ours",
        license='for tests "only"',
        **SMALL,
    )
    card, metrics = train_pose2mesh(recipe, Reports(said.append, first_s=0.2))
    assert metrics["lifter"]["step"] > 1
    return Trained(recipe, card, tuple(said))


def test_train_reports_progress_and_writes_checkpoints(trained: Trained) -> None:
    out = trained.recipe.out
    assert trained.said[0].startswith("poses: 4320 to train on, 480 held out; meshcast-sample (procedural) 4800")
    reports = [line for line in trained.said if line.startswith("lifter: minutes")]
    assert len(reports) >= 3
    assert len((out / "lifter.csv").read_text().splitlines()) == len(reports) + 1
    assert {path.name for path in out.iterdir()} >= {"lifter.pt", "mesh.pt", "ours.toml", "ours.onnx"}


def test_train_card_names_training_data_and_license(trained: Trained) -> None:
    card = load_card(trained.card, "mesh")
    assert card.license == 'for tests "only"'
    assert "meshcast-sample (procedural) (4800 poses)" in card.notes
    assert "cmu" not in (card.notes + card.source + card.title).lower()
    assert (trained.card.parent / card.body).is_file()
    assert replace(trained.recipe, license=TrainConfig(("sample",), Path()).license).license == (
        "unspecified; see training data"
    )


def test_eval_trained_model_by_path_has_finite_error(trained: Trained, meshcast: Command, tmp_path: Path) -> None:
    clip, truth = MEDIA / "balance_cam01.mp4", MEDIA / "balance.npz"
    said = meshcast(
        *("eval", clip, "--truth", truth, "--mesh", trained.card, "--max-frames", 2, "--json", tmp_path / "e.json")
    )
    assert said.code == EXIT_WHOLE, said.err
    assert 0 < json.loads((tmp_path / "e.json").read_text())["balance_cam01.mp4"]["mpjpe_mm"] < 1000


def test_models_export_trained_model_is_imported_and_run(trained: Trained, meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("models", "export", trained.card, tmp_path / "alone.onnx")
    assert said.code == EXIT_WHOLE, said.err
    said = meshcast("models", "import", tmp_path / "alone.onnx")
    assert said.code == EXIT_WHOLE, said.err
    assert "imported as ours: meshcast run SOURCE --mesh ours" in said.out
    assert 'license: for tests "only"' in said.out
    outputs = ("--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    said = meshcast("run", MEDIA / "balance_cam01.mp4", "--max-frames", 2, "--mesh", "ours", *outputs)
    assert said.code == EXIT_WHOLE, said.err
    assert load(tmp_path / "a.npz")["vertices"].shape[1:] == (6890, 3)
    assert "ours" in json.dumps(report(tmp_path / "s.json")["models"])


def test_models_import_each_training_file_can_be_removed_again(
    trained: Trained, meshcast: Command, tmp_path: Path, data_folder: Path
) -> None:
    shutil.copy(trained.recipe.out / "mesh.pt", tmp_path)  # alone, without what lies beside it
    for file in (trained.card, tmp_path / "mesh.pt"):
        said = meshcast("models", "import", file, "--as", "mine")
        assert said.code == EXIT_WHOLE, said.err
        card = load_card("mine", "mesh")
        assert "meshcast-sample" in card.notes
        assert len(list(data_folder.iterdir())) == 4  # card, network, upsampling, body
        assert meshcast("models", "remove", "mine").code == EXIT_WHOLE
        assert not list(data_folder.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lifter.pt", "the checkpoint of the stage lifter, which is only a part of a model"),
        ("stray.onnx", "its card stray.toml is neither beside it nor in it; docs/how-to/onnx-models.md"),
        ("text.onnx", "not an ONNX file, or damaged"),
        ("other.onnx", "the card beside it is for ours.onnx"),
    ],
)
def test_models_import_incomplete_training_file_is_one_line(
    trained: Trained, meshcast: Command, tmp_path: Path, data_folder: Path, name: str, message: str
) -> None:
    import onnx

    path = tmp_path / name
    if name == "stray.onnx":
        stray = onnx.load(trained.card.with_suffix(".onnx"))
        del stray.metadata_props[:]
        onnx.save(stray, path)
    elif name == "text.onnx":
        path.write_text("no")
    else:
        shutil.copy(trained.recipe.out / ("lifter.pt" if name == "lifter.pt" else "ours.onnx"), path)
    if name == "other.onnx":
        (tmp_path / "other.toml").write_text(trained.card.read_text().replace('name = "ours"', 'name = "other"'))
        shutil.copy(trained.card.with_suffix(".onnx"), tmp_path / "ours.onnx")
    said = meshcast("models", "import", path)
    assert said.code == EXIT_INPUT
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not data_folder.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "../escaped"}, "'../escaped' cannot be a model's name"),
        ({"body": "../../body.npz"}, "its card names a body that the file does not hold"),
        ({"family": "no_such"}, "ours: does not run: ours: its family no_such has no mesh head"),
        ({"input": {"name": "features", "shape": ["N", 7]}}, "ours: does not run: "),
    ],
)
def test_models_import_false_card_in_file_is_rejected(
    trained: Trained, meshcast: Command, tmp_path: Path, data_folder: Path, change: dict[str, object], message: str
) -> None:
    model = trained.card.with_suffix(".onnx").read_bytes()
    found = unpack(trained.card, model)
    assert found is not None
    (tmp_path / "alone.onnx").write_bytes(pack(model, found[0] | change, {}))
    said = meshcast("models", "import", tmp_path / "alone.onnx")
    assert (said.code, said.err.count("\n")) == (EXIT_INPUT, 1)
    assert message in said.err
    assert not data_folder.exists()


def test_models_import_bundled_name_is_rejected(trained: Trained, meshcast: Command) -> None:
    said = meshcast("models", "import", trained.card, "--as", "pose2mesh_open")
    assert (said.code, "choose another with --as" in said.err) == (EXIT_INPUT, True)


def test_train_resume_continues_and_stop_keeps_the_checkpoint(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("lifter.pt", "mesh.pt"):
        shutil.copy(trained.recipe.out / name, out)
    said: list[str] = []
    recipe = replace(trained.recipe, out=out, resume=True, lifter_minutes=60)
    with pytest.raises(TrainingStopped, match=r"lifter: stopped; .*lifter.pt holds \d+ steps; continue with --resume"):
        train_pose2mesh(recipe, Reports(said.append, stopped=lambda: bool(said and "M weights" in said[-1])))
    assert any("resumed at step" in line for line in said)
    card, metrics = train_pose2mesh(replace(recipe, lifter_minutes=0, mesh_minutes=0), Reports(said.append))
    assert metrics["mesh"]["step"] > 0
    assert load_card(card).name == "ours"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resume": False}, r"holds lifter.pt of an earlier run; add --resume to continue it, or choose another --out"),
        ({"width": 64}, r"lifter.pt: was trained with width 128, not 64"),
        ({"name": "../x"}, "cannot be a model's name"),
    ],
)
def test_train_resume_mismatched_settings_raise(trained: Trained, change: dict, message: str) -> None:  # type: ignore[type-arg]
    before = (trained.recipe.out / "lifter.pt").read_bytes()
    with pytest.raises(ModelError, match=message):
        train_pose2mesh(replace(trained.recipe, **({"resume": True} | change)), Reports(lambda line: None))
    assert (trained.recipe.out / "lifter.pt").read_bytes() == before


def test_train_resume_damaged_checkpoint_raises_one_line(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "lifter.pt").write_bytes((trained.recipe.out / "lifter.pt").read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"lifter.pt: not a checkpoint of a training run, or damaged") as error:
        train_pose2mesh(replace(trained.recipe, out=tmp_path, resume=True), Reports(lambda line: None))
    assert "\n" not in str(error.value)


def test_train_invalid_poses_are_input_error(meshcast: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", pose=np.zeros((10, 22, 3)))
    said = meshcast("train", "pose2mesh", "--poses", tmp_path / "bad.npz", "--out", tmp_path / "out")
    assert said.code == EXIT_INPUT
    assert said.err == (f"meshcast: {tmp_path}/bad.npz: pose is (10, 22, 3) float64; expected numbers (M, 24, 3)\n")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    "words", [("--width", "0"), ("--lifter-minutes", "nan"), ("--batch", "x"), ("--threads", "-1")]
)
def test_train_option_out_of_range_is_usage_error(meshcast: Command, words: tuple[str, str]) -> None:
    assert meshcast("train", "pose2mesh", "--poses", "sample", *words).code == EXIT_USAGE


def test_train_missing_packages_are_named(meshcast: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("edge.cli.train.REQUIRED", ("torch", "no_such_package"))
    said = meshcast("train", "pose2mesh", "--poses", "sample", "--out", tmp_path / "out")
    assert said.code == EXIT_INPUT
    assert said.err.startswith("meshcast: training needs no_such_package: ")
    assert "-m pip install " in said.err
    assert "[train]" in said.err
    assert not (tmp_path / "out").exists()


def test_train_model_that_crashes_the_engine_is_kept_with_an_error(
    meshcast: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: Trained
) -> None:
    def stand_in(recipe: TrainConfig, reports: Reports) -> tuple[Path, dict[str, dict[str, float]]]:
        return trained.card, {}

    monkeypatch.setattr("engines.training.pose2mesh.train_pose2mesh", stand_in)
    monkeypatch.setattr("engines.importing.trial.CODE", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    said = meshcast("train", "pose2mesh", "--poses", "sample", "--out", tmp_path / "out")
    assert said.code == EXIT_PARTIAL
    assert "saved, but does not run here: ours: the engine crashed (SIGSEGV" in said.err
    said = meshcast("models", "import", trained.card)
    assert said.code == EXIT_INPUT
    assert "ours: the engine crashed (SIGSEGV" in said.err
    assert said.err.count("\n") == 1
