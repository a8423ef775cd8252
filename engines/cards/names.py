"""Names of imported and trained models, which become file names."""

from __future__ import annotations

import re

from engines.errors import ModelError

LONGEST_MODEL_NAME = 64  # characters


def checked_name(name: str) -> str:
    """The name, if a model's files may have it: it never leads out of their folder. Raises ModelError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) or len(name) > LONGEST_MODEL_NAME:
        raise ModelError(
            f"{name[:LONGEST_MODEL_NAME]!r} cannot be a model's name; use at most {LONGEST_MODEL_NAME} letters, "
            "digits, '_', '-' and '.', the first a letter or digit"
        )
    return name
