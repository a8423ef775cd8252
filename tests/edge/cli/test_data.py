"""`meshcast data`: rendering shards, continuing, and the contact sheet."""

from __future__ import annotations

from pathlib import Path

import cv2

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command

SMALL = ("--size", "40", "--count", "3", "--shard", "2")


def test_data_render_then_sheet(meshcast: Command, tmp_path: Path) -> None:
    folder = tmp_path / "people"
    said = meshcast("data", "render", "--out", folder, *SMALL)
    assert (said.code, said.out.strip()) == (EXIT_WHOLE, f"wrote 3 samples to {folder}")
    again = meshcast("data", "render", "--out", folder, *SMALL)
    assert again.out.strip() == f"{folder} is complete: 3 samples"
    assert meshcast("data", "sheet", folder, "--out", tmp_path / "sheet.png").code == EXIT_WHOLE
    image = cv2.imread(str(tmp_path / "sheet.png"))
    assert image is not None
    assert image.shape == (3 * 160, 5 * 160, 3)


def test_data_render_into_another_data_set_is_refused(meshcast: Command, tmp_path: Path) -> None:
    meshcast("data", "render", "--out", tmp_path / "people", *SMALL)
    said = meshcast("data", "render", "--out", tmp_path / "people", *SMALL, "--test")
    assert said.code == EXIT_INPUT
    assert said.errors == [
        f"meshcast: {tmp_path / 'people'}: holds a data set with another split; choose another --out"
    ]


def test_data_sheet_of_a_folder_without_people_is_refused(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("data", "sheet", tmp_path, "--out", tmp_path / "sheet.png")
    assert said.code == EXIT_INPUT
    assert "dataset.json" in said.err


def test_data_render_of_wrong_size_is_a_usage_error(meshcast: Command, tmp_path: Path) -> None:
    assert meshcast("data", "render", "--out", tmp_path, "--size", "8").code == EXIT_USAGE
