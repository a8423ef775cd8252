"""The output place of a batch in an object store: its listing, its manifest, and the check of what is there.

Workers upload the outputs themselves, whole and under their final names. The manifest is kept in a local folder and
uploaded every MANIFEST_S and at the end.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.batch.executor import WrittenFile
from edge.batch.manifest import NAME, Manifest, Record
from edge.batch.store import Store, StoredObject, StoreError
from edge.batch.task_files import sha256_of
from edge.errors import OutputError

MANIFEST_S = 10.0  # least time between two uploads of the manifest


class OutputStore:
    """A prefix of an object store; see edge.batch.output_folder.OutputFolder.

    Attributes:
        place: its URL without a slash at the end.
    """

    def __init__(self, place: str, store: Store, spool: Path) -> None:
        """Read the listing and the manifest. Raises OutputError. spool: an empty local folder."""
        self.place = place.rstrip("/")
        self._store, self._spool = store, spool
        self._uploaded_s = time.monotonic()
        try:
            self._listing: dict[str, StoredObject] = {entry.url: entry for entry in store.find(self.place + "/")}
            manifest = store.read(self.output("", NAME))
        except StoreError as error:
            raise OutputError(str(error)) from None
        if manifest is not None:
            (spool / NAME).write_bytes(manifest)

    def manifest(self) -> Manifest:
        """The manifest of the place. Raises OutputError."""
        return Manifest(self._spool, shown=self.output("", NAME), on_write=self._upload_manifest)

    def output(self, name: str, suffix: str) -> str:
        """URL of an output."""
        return f"{self.place}/{name}{suffix}"

    def exists(self, name: str, suffix: str) -> bool:
        """Whether there was an output when the batch began."""
        return self.output(name, suffix) in self._listing

    def task_folder(self) -> Path:
        """Workers make local folders themselves."""
        return Path()

    def remove_task(self, folder: Path) -> None:
        """Nothing is left of a task."""

    def publish(self, folder: Path, name: str, files: Sequence[WrittenFile]) -> None:
        """The worker has uploaded the outputs."""

    def intact(self, record: Record, suffixes: Sequence[str]) -> bool:
        """Whether a video's outputs are all listed as they were written. The content is read and hashed only where the
        entity tag differs from the manifest's."""
        files = {file.suffix: file for file in record.files}
        return set(files) == set(suffixes) and all(self._intact(record.name, file) for file in files.values())

    def remove_others(self, record: Record, suffixes: Sequence[str]) -> None:
        """Remove outputs of a record that are not written again. Raises OutputError."""
        for file in record.files:
            if file.suffix not in suffixes:
                try:
                    self._store.remove(self.output(record.name, file.suffix))
                except StoreError as error:
                    raise OutputError(str(error)) from None

    def _intact(self, name: str, file: WrittenFile) -> bool:
        listed = self._listing.get(self.output(name, file.suffix))
        if listed is None or listed.size != file.size:
            return False
        if file.etag and listed.etag == file.etag:
            return True
        with tempfile.NamedTemporaryFile(dir=self._spool) as copy:
            try:
                self._store.fetch(listed.url, Path(copy.name))
            except (StoreError, FileNotFoundError):
                return False
            return sha256_of(Path(copy.name)) == file.sha256

    def _upload_manifest(self, path: Path, at_once: bool) -> None:
        """Raises OSError."""
        now_s = time.monotonic()
        if not at_once and now_s - self._uploaded_s < MANIFEST_S:
            return
        self._uploaded_s = now_s
        try:
            self._store.upload(path, self.output("", NAME))
        except StoreError as error:
            raise OutputError(str(error)) from None


@contextmanager
def opened_store(place: str) -> Iterator[OutputStore]:
    """The place in a store. Raises OutputError, and MeshcastError where a package is missing."""
    with tempfile.TemporaryDirectory(prefix="meshcast-batch-") as spool:
        yield OutputStore(place, Store(place), Path(spool))
