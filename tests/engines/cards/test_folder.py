"""The user's models folder: invalid cards are skipped, and no card refers outside of it."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from engines.cards.card import cards, load_card, user_models
from engines.errors import ModelError, UnknownNameError
from engines.importing.model_store import remove

GOOD = """
task = "pose"
family = "heatmaps"
aliases = ["handy"]
keypoints = "coco17"

[input]
name = "x"
shape = [1, 3, 256, 192]

[variants.fp32]
file = "good.onnx"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    made = user_models()
    made.mkdir(parents=True)
    (made / "good.toml").write_text(GOOD)
    (made / "good.onnx").write_bytes(b"weights")
    return made


def fill(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "nowhere":
        path.symlink_to(path.with_name("nothing"))
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(5 << 30)
    else:
        path.write_bytes(CONTENTS[kind])


CONTENTS = {
    "lists": b"a = " + b"[" * 20000 + b"]" * 20000,
    "tables": b"a = " + b"{a=" * 20000 + b"1" + b"}" * 20000,
    "dotted": b".".join([b"a"] * 100_000) + b" = 1",
    "digits": b"a = " + b"9" * 200_000,
    "date": b"a = 2020-13-45",
    "syntax": b"[[[",
    "utf-16": "task = 'pose'".encode("utf-16"),
    "latin-1": b'task = "pos\xe9"',
    "null": b"\x00" * 100,
    "empty": b"",
    "entry": GOOD.encode() + b"sha = 1",
    "text": GOOD.replace("heatmaps", "h" * 500).encode(),
    "notes": ("notes = '" + "n" * 100_000 + "'").encode() + GOOD.encode(),
    "size": GOOD.replace("256, 192", "256000, 192000").encode(),
    "number": GOOD.replace("256, 192", "256, " + "9" * 400).encode(),
    "infinite": (GOOD + "[decode]\nscore = nan").encode(),
}
KINDS = ("pipe", "folder", "device", "loop", "nowhere", "huge", *CONTENTS)


@pytest.mark.parametrize("kind", KINDS)
def test_cards_invalid_card_is_skipped_with_a_warning(
    kind: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(folder / "bad.toml", kind)
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        names = [card.name for card in cards()]
        assert load_card("handy").name == "good"
        cards()
    assert "good" in names
    assert "movenet_thunder" in names
    assert "bad" not in names
    assert len(caplog.messages) == 1  # said once
    assert caplog.messages[0].startswith(f"{folder / 'bad.toml'}: ")
    assert caplog.messages[0].endswith("; the card is skipped")
    assert len(caplog.messages[0]) < 800
    with pytest.raises(ModelError, match=r"bad\.toml: "):
        load_card("bad")


def test_cards_unreadable_card_is_skipped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.toml").write_text(GOOD)
    (folder / "bad.toml").chmod(0)
    if os.geteuid() == 0:  # to whom nothing is unreadable
        opened = os.open
        monkeypatch.setattr(os, "open", lambda path, *rest: opened(_forbidden(path), *rest))
    assert "good" in [card.name for card in cards()]


def _forbidden(path: str | Path) -> str | Path:
    if Path(path).name == "bad.toml":
        raise PermissionError(13, "Permission denied", str(path))
    return path


def test_load_card_non_card_does_not_hide_a_bundled_model(folder: Path) -> None:
    (folder / "movenet_thunder.toml").mkdir()
    (folder / "hrnet_w32_256x192.toml").write_text("[[[")
    assert load_card("movenet_thunder").path.parent != folder
    with pytest.raises(ModelError, match="not a model card"):  # which would run with random weights
        load_card("hrnet_w32_256x192")


@pytest.mark.parametrize("entry", ["file", "data", "mean", "body", "license_files"])
@pytest.mark.parametrize("target", ["../thesis.txt", "/{out}/thesis.txt", "link.txt", "sub/../../thesis.txt"])
def test_read_card_file_outside_of_the_folder_raises(entry: str, target: str, folder: Path, tmp_path: Path) -> None:
    outside = folder.parent / "thesis.txt"
    outside.write_text("precious")
    (folder / "link.txt").symlink_to(outside)
    name = target.replace("/{out}", str(folder.parent))
    text = {
        "file": GOOD.replace("good.onnx", name),
        "data": GOOD + f'data = {{ "{name}" = "{"0" * 64}" }}',
        "license_files": f'license_files = ["{name}"]' + GOOD,
    }.get(entry, f'{entry} = "{name}"' + GOOD)
    (folder / "nice.toml").write_text(text)
    with pytest.raises(ModelError, match="leads out of the folder"):
        load_card("nice")
    gone = remove("nice")
    assert gone == [folder / "nice.toml"]
    assert outside.read_text() == "precious"
    assert (folder / "link.txt").is_symlink()


def test_remove_invalid_card_removes_its_files(folder: Path) -> None:
    (folder / "bad.toml").write_text("[[[")
    (folder / "bad-0123456789ab.safetensors").write_bytes(b"of an import")
    assert len(remove("bad")) == 2


def test_remove_keeps_files_of_other_cards(folder: Path) -> None:
    (folder / "second.toml").write_text(GOOD)
    (folder / "card.toml").write_text(GOOD.replace("good.onnx", "second.toml"))
    assert [path.name for path in remove("card")] == ["card.toml"]
    assert [path.name for path in remove("second")] == ["second.toml"]
    assert (folder / "good.onnx").read_bytes() == b"weights"


@pytest.mark.usefixtures("folder")
def test_remove_unknown_name_suggests_a_similar_one() -> None:
    with pytest.raises(UnknownNameError, match=r"goods is not an imported model \(did you mean good\?\)"):
        remove("goods")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["../home", "a/b", "..", ""])
def test_remove_path_instead_of_name_raises(name: str) -> None:
    with pytest.raises(UnknownNameError):
        remove(name)


def test_load_card_links_in_the_zoo_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installers link files into place, so that the shipped cards' files may be anywhere."""
    from engines.cards import reader as card_reader

    (tmp_path / "store").mkdir()
    (tmp_path / "zoo").mkdir()
    monkeypatch.setattr(card_reader, "ZOO", tmp_path / "zoo")
    (tmp_path / "store" / "weights").write_bytes(b"weights")
    (tmp_path / "zoo" / "good.onnx").symlink_to(tmp_path / "store" / "weights")
    (tmp_path / "zoo" / "good.toml").write_text(GOOD + f'sha256 = "{"0" * 64}"')
    assert card_reader.read_card(tmp_path / "zoo" / "good.toml").variants[0].file.name == "good.onnx"


def test_load_card_impossible_name_raises_unknown_name(folder: Path) -> None:
    for name in ("x" * 5000, "a\x00b", "", ".", "/", "\udcff"):
        with pytest.raises(UnknownNameError) as caught:
            load_card(name)
        assert len(str(caught.value)) < 1500
    assert stat.S_ISDIR(folder.stat().st_mode)
