"""A file that appears whole or not at all: written under a temporary name beside its place, renamed when done."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from edge.errors import OutputError


class Target:
    """The place of an output file.

    The temporary file is created by the constructor, so that a folder that cannot be written to is found before any
    work is done. Links are followed: what a link points to is replaced, the link stays.

    salvageable: the temporary file is of use when the program breaks off. It is called like the file with .part at the
    end, and one that was left there is never overwritten.

    Raises OutputError when the folder is missing or not writable, the path is a folder or a device, or something
    salvageable would be lost.
    """

    def __init__(self, path: str | Path, *, salvageable: bool = False) -> None:
        self.path = Path(path)
        self._final = Path(os.path.realpath(self.path))
        if self._final.exists() and not self._final.is_file():
            raise OutputError(f"{self.path}: is not an ordinary file; choose another name")
        name = f"{self._final.name}.part" if salvageable else f".{self._final.name}.{os.getpid()}.part"
        self.temporary = self._final.with_name(name)
        try:
            self.temporary.open("xb" if salvageable else "wb").close()
        except FileExistsError:
            raise OutputError(
                f"{self.temporary}: is being written, or was left when its program broke off; keep it under another "
                "name or delete it"
            ) from None
        except FileNotFoundError:
            raise OutputError(f"{self.path}: the folder {self._final.parent} does not exist") from None
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}") from None

    def commit(self) -> None:
        """Give the finished temporary file its name, replacing what was there."""
        try:
            os.replace(self.temporary, self._final)
        except OSError as error:
            self.discard()
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}") from None

    def write(self, content: bytes) -> None:
        """Write the whole file and commit it."""
        self.write_parts((content,))

    def write_parts(self, parts: Iterable[bytes | bytearray]) -> None:
        """Write the whole file, part by part, and commit it."""
        try:
            with self.temporary.open("wb") as file:
                for part in parts:
                    file.write(part)
        except OSError as error:
            self.discard()
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}") from None
        self.commit()

    def discard(self) -> None:
        """Remove the temporary file; what was at the path before stays."""
        self.temporary.unlink(missing_ok=True)
