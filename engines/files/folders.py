"""The user's folders for imported models and for cached files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from engines.errors import ModelError

Kind = Literal["data", "cache"]

_VARIABLES: dict[Kind, str] = {"data": "XDG_DATA_HOME", "cache": "XDG_CACHE_HOME"}


def user_folder(kind: Kind) -> Path | None:
    """The folder of this program for the user's data or for the cache; it need not exist.

    Returns:
        An absolute path, or None for a user without a home folder: a process without HOME whose user id has no entry
        in the password database, as in containers.
    """
    import platformdirs  # the operators' tests run without it

    find = platformdirs.user_data_path if kind == "data" else platformdirs.user_cache_path
    try:
        folder = Path(find("meshcast"))
    except (RuntimeError, KeyError):
        return None
    return folder if folder.is_absolute() else None  # an unresolved "~"


def needed_user_folder(kind: Kind) -> Path:
    """Like `user_folder`, but raises where there is none.

    Raises:
        ModelError: the user has no home folder.
    """
    folder = user_folder(kind)
    if folder is None:
        raise ModelError(no_folder(kind))
    return folder


def no_folder(kind: Kind) -> str:
    """The message for a user without this folder."""
    return f"the user has no home folder; set HOME or {_VARIABLES[kind]} to a folder that can be written"
