"""Results of commands that run in the test process, and readers for the files that they write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

PATIENCE_S = 30.0  # a limit for failures only


@dataclass(frozen=True)
class CommandResult:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The messages on stderr, without the closing line of the progress."""
        return [line for line in self.err.splitlines() if line.startswith("meshcast: ")]


class Command(Protocol):
    """The fixture `meshcast`: runs a command in this process."""

    def __call__(self, *words: str | Path) -> CommandResult: ...


def load(path: Path) -> dict[str, Any]:
    """All arrays of an .npz file by name."""
    with np.load(path, allow_pickle=False) as saved:
        return {key: saved[key] for key in saved.files}


def report(path: Path) -> dict[str, Any]:
    """The JSON object in a file, such as the summary of a run."""
    return dict(json.loads(path.read_text()))
