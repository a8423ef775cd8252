"""Folders of the repository that tests read from."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
MEDIA = TESTS / "media"  # clips and their camera files
DATA = TESTS / "data"
GOLDEN = DATA / "golden"  # outputs of the published networks, see its README.md
STARTER = DATA / "starter"  # photographs
WIRE = DATA / "wire"  # golden packets
ZOO = ROOT / "engines" / "zoo"  # the bundled models
EXAMPLES = ROOT / "examples"
PYTHON_CLIENT = ROOT / "clients" / "python"
