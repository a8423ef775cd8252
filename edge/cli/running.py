"""The running runs of this user and the configuration files that they were started with."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_PATH = 4096


@contextmanager
def announced(config: Path | None) -> Iterator[None]:
    """Say while the block runs that this process uses a configuration file, for `processes_with`.

    A folder that cannot be written is no error: the process can still be signaled by its number.
    """
    with contextlib.ExitStack() as cleanup:
        if config is not None:
            with contextlib.suppress(OSError):
                folder = _folder()
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = cleanup.enter_context(open(folder / str(os.getpid()), "w", encoding="utf-8"))
                cleanup.callback(Path(file.name).unlink, missing_ok=True)
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.write(os.path.realpath(config))
                file.flush()
        yield


def processes_with(config: Path) -> list[int]:
    """The processes that use a configuration file. Files of processes that have ended are removed."""
    wanted = os.path.realpath(config)
    entries: list[Path] = []
    with contextlib.suppress(OSError):
        entries = sorted(_folder().iterdir())
    alive = [entry for entry in entries if entry.name.isdigit() and _alive(entry)]
    return [int(entry.name) for entry in alive if _content(entry) == wanted]


def _alive(entry: Path) -> bool:
    """Whether the process that made the file still holds its lock."""
    with contextlib.suppress(OSError), open(entry, encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        entry.unlink(missing_ok=True)
    return False


def _content(entry: Path) -> str:
    with contextlib.suppress(OSError, ValueError), open(entry, encoding="utf-8") as file:
        return file.read(LONGEST_PATH)
    return ""


def _folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("meshcast") / "runs"
