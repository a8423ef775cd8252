"""The videos of an object store: an object, a prefix with all below it, or a pattern."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from edge.batch.store import Store, StoredObject, StoreError
from edge.batch.video import NAME_BYTES, VIDEO_SUFFIXES, Video
from edge.redaction import redact_path


def videos_in_store(url: str, problems: list[str], store_of: Callable[[str], Store] = Store) -> Iterator[Video]:
    """Find videos; what cannot be read becomes a line in `problems`. Raises MeshcastError."""
    store, shown = store_of(url), redact_path(url)
    try:
        if glob.has_magic(url):
            found = [(entry, PurePosixPath(entry.url).stem) for entry in store.glob(url)]
            if not found:
                problems.append(f"{shown}: no object matches")
        else:
            single = None if url.endswith("/") else store.info(url)
            found = [(single, PurePosixPath(url).stem)] if single else _below(store, url)
            if not found:
                problems.append(f"{shown}: no such object, and no video below it")
    except StoreError as error:
        problems.append(str(error))
        return
    for entry, name in found:
        if not entry.size:
            problems.append(f"{redact_path(entry.url)}: the object is empty")
        elif any(len(part.encode()) > NAME_BYTES for part in name.split("/")):
            problems.append(f"{redact_path(entry.url)}: the name is too long for the names of its outputs; rename it")
        else:
            yield Video(Path(), name, entry.size, entry.mtime_ns, entry.url)


def _below(store: Store, url: str) -> list[tuple[StoredObject, str]]:
    """Videos below a prefix, with the rest of their names; hidden ones are left out."""
    prefix = url.rstrip("/") + "/"
    entries = [(entry, entry.url.removeprefix(prefix)) for entry in store.find(prefix)]
    return [
        (entry, str(PurePosixPath(rest).with_suffix("")))
        for entry, rest in entries
        if PurePosixPath(rest).suffix.lower() in VIDEO_SUFFIXES
        and not any(not part or part.startswith(".") for part in rest.split("/"))  # "..", and a name that is a root
    ]
