"""The command that installs a missing extra, for an installation from a clone or a wheel."""

from __future__ import annotations

import json
import shlex
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlparse

TORCH_EXTRAS = ("train", "export", "torch")
TORCH_ON_CPU = "pip install torch --index-url https://download.pytorch.org/whl/cpu"


def install_hint(extra: str) -> str:
    """The command that installs an extra into this Python's environment, for the end of a message.

    For extras with torch it adds how to install the build without CUDA, which is a tenth as large.
    """
    pip = f"{_python()} -m pip install"
    clone = _clone()
    command = f"{pip} 'meshcast[{extra}]'" if clone is None else f"{pip} -e {shlex.quote(f'{clone}[{extra}]')}"
    if extra in TORCH_EXTRAS:
        return f"{command} (without an NVIDIA GPU first: {_python()} -m {TORCH_ON_CPU})"
    return command


def _python() -> str:
    """The path of this Python, relative to the current folder where it is below it."""
    python = Path(sys.executable)
    try:
        return shlex.quote(str(python.relative_to(Path.cwd())))
    except (ValueError, OSError):
        return shlex.quote(str(python))


@cache
def _clone() -> str | None:
    """The folder that an editable installation runs from, or None."""
    try:
        record = json.loads(distribution("meshcast").read_text("direct_url.json") or "{}")
        editable = record["dir_info"]["editable"]
        folder = unquote(urlparse(record["url"]).path)
    except (PackageNotFoundError, ValueError, KeyError, TypeError):
        return None
    return folder if editable and Path(folder, "pyproject.toml").is_file() else None
