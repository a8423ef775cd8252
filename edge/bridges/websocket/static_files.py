"""The files of a page over HTTP: those in one folder, and no others."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.http11 import Response

from edge.errors import PublishError

SHIPPED = Path(__file__).parent / "static"  # built from clients/web/page
MAX_FILE_BYTES = 64 << 20
# By the web's own rules and not by this machine's tables: a script that is text/plain does not run.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".wasm": "application/wasm",
    ".glb": "model/gltf-binary",
    ".woff2": "font/woff2",
}
HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:",
}


class StaticFiles:
    """A folder whose files are served; its index.html answers for the folder itself."""

    def __init__(self, folder: Path) -> None:
        """Raises PublishError when there is no page."""
        if not (folder / "index.html").is_file():
            raise PublishError(f"{folder}: no page, index.html is missing; build one, see clients/web/README.md")
        self._folder = folder.resolve()

    def answer(self, path: str) -> Response | None:
        """The response to a request for a path (still %-encoded, without a query); None when there is no such file."""
        file = self._find(unquote(path))
        if file is None:
            return None
        try:
            body = file.read_bytes()
        except OSError:
            return None
        headers = Headers(HEADERS)
        headers["Content-Type"] = TYPES.get(file.suffix.lower(), "application/octet-stream")
        headers["Content-Length"] = str(len(body))
        headers["Connection"] = "close"
        return Response(HTTPStatus.OK, HTTPStatus.OK.phrase, headers, body)

    def _find(self, path: str) -> Path | None:
        if not path.startswith("/") or "\0" in path or "\\" in path:
            return None
        try:
            file = (self._folder / path.lstrip("/")).resolve()  # links too must stay inside
            if file.is_dir():
                file /= "index.html"
            inside = file.is_relative_to(self._folder)
            return file if inside and file.is_file() and file.stat().st_size <= MAX_FILE_BYTES else None
        except (OSError, ValueError, RuntimeError):
            return None
