"""Object stores (s3://, gs://) through fsspec: listing, whole transfers, and a second try after passing errors."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from edge.redaction import redact_path
from engines.errors import MeshcastError

ATTEMPTS = 5
FIRST_PAUSE_S = 0.2  # doubled before each further attempt
PACKAGES = {"s3": "s3fs", "gs": "gcsfs"}  # of the schemes that a batch reads and writes
_URL = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)

T = TypeVar("T")


class StoreError(Exception):
    """A store refused, or failed ATTEMPTS times. The text is one line without secrets."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object: its URL, size in bytes, time of change in ns since 1970 UTC, and entity tag, "" if there is none."""

    url: str
    size: int
    mtime_ns: int
    etag: str


def scheme_of(text: str) -> str | None:
    """The scheme of an URL; None for a path."""
    found = _URL.match(text)
    return found[1].lower() if found else None


def is_store(text: str) -> bool:
    """Whether this is the URL of an object store."""
    return scheme_of(text) in PACKAGES


class Store:
    """The object store of an URL. Requests that fail for a passing reason are repeated with growing pauses."""

    def __init__(self, url: str, filesystem: Any = None, pause_s: float = FIRST_PAUSE_S) -> None:
        """
        Args:
            url: any URL of the store.
            filesystem: of fsspec; None: that of the scheme.
            pause_s: before the second attempt, s.

        Raises:
            MeshcastError: the package for the scheme is not installed.
        """
        self.scheme = scheme_of(url) or ""
        self._pause_s = pause_s
        self._files = filesystem if filesystem is not None else _filesystem(self.scheme)

    def find(self, url: str) -> list[StoredObject]:
        """All objects below a prefix, sorted by URL. Raises StoreError."""
        return self._listed(url, lambda: self._files.find(_path(url), detail=True, withdirs=False))

    def glob(self, url: str) -> list[StoredObject]:
        """Objects whose URL matches a pattern. Raises StoreError."""
        return self._listed(url, lambda: self._files.glob(_path(url), detail=True))

    def info(self, url: str) -> StoredObject | None:
        """An object; None if there is none. Raises StoreError."""

        def ask() -> StoredObject | None:
            try:
                entry = self._files.info(_path(url))
            except FileNotFoundError:
                return None
            return self._object(entry) if entry.get("type") == "file" else None

        return self._tried(url, ask)

    def fetch(self, url: str, path: Path) -> None:
        """Copy an object to a file. Raises StoreError."""
        self._tried(url, lambda: self._files.get_file(_path(url), str(path)))

    def upload(self, path: Path, url: str) -> StoredObject:
        """Copy a file to an object, which appears complete or not at all. Raises StoreError."""
        self._tried(url, lambda: self._files.put_file(str(path), _path(url)))
        written = self.info(url)
        size = path.stat().st_size
        if written is None or written.size != size:
            raise StoreError(f"{redact_path(url)}: is not there as it was written")
        return written

    def read(self, url: str) -> bytes | None:
        """The content of a small object; None if there is none. Raises StoreError."""

        def ask() -> bytes | None:
            try:
                return bytes(self._files.cat_file(_path(url)))
            except FileNotFoundError:
                return None

        return self._tried(url, ask)

    def remove(self, url: str) -> None:
        """Remove an object. Raises StoreError."""

        def ask() -> None:
            try:
                self._files.rm_file(_path(url))
            except FileNotFoundError:
                return

        self._tried(url, ask)

    def _listed(self, url: str, ask: Callable[[], dict[str, Any]]) -> list[StoredObject]:
        try:
            found = self._tried(url, ask)
        except FileNotFoundError:
            return []
        objects = [self._object(entry) for entry in found.values() if entry.get("type") == "file"]
        return sorted(objects, key=lambda entry: entry.url)

    def _object(self, entry: dict[str, Any]) -> StoredObject:
        changed = entry.get("LastModified") or entry.get("mtime") or entry.get("updated") or entry.get("created")
        if isinstance(changed, str):
            changed = datetime.fromisoformat(changed.replace("Z", "+00:00"))
        ns = int(changed.timestamp()) * 10**9 if isinstance(changed, datetime) else 0
        etag = str(entry.get("ETag") or entry.get("etag") or "").strip('"')
        return StoredObject(f"{self.scheme}://{str(entry['name']).lstrip('/')}", int(entry["size"] or 0), ns, etag)

    def _tried(self, url: str, ask: Callable[[], T]) -> T:
        """The answer, at the latest after ATTEMPTS. FileNotFoundError of `ask` passes."""
        shown = redact_path(url)
        problem: Exception = StoreError()
        for attempt in range(ATTEMPTS):
            if attempt:
                threading.Event().wait(self._pause_s * 2 ** (attempt - 1))
            answer = self._attempt(shown, ask)
            if not isinstance(answer, _Passing):
                return answer
            problem = answer.error
        detail = " ".join(str(problem).split())[:200] or type(problem).__name__
        raise StoreError(f"{shown}: the store failed {ATTEMPTS} times: {detail}")

    def _attempt(self, shown: str, ask: Callable[[], T]) -> T | _Passing:
        try:
            self._files.invalidate_cache()
            return ask()
        except (FileNotFoundError, StoreError):
            raise
        except PermissionError:
            raise StoreError(f"{shown}: the store gives no permission; check the credentials") from None
        except Exception as error:  # those of the packages for stores have no common class
            if type(error).__name__ == "NoCredentialsError":
                raise StoreError(f"{shown}: no credentials for the store; set them in the environment") from None
            return _Passing(error)


@dataclass(frozen=True, slots=True)
class _Passing:
    """An error that may not come again."""

    error: Exception


def _path(url: str) -> str:
    return url.partition("://")[2]


def _filesystem(scheme: str) -> Any:
    package = PACKAGES[scheme]
    try:
        fsspec = importlib.import_module("fsspec")
        importlib.import_module(package)
    except ImportError:
        raise MeshcastError(f"{scheme}://: {package} is not installed; run pip install 'meshcast[store]'") from None
    return fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True)
