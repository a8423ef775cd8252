"""HTTP responses with the files of one folder."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.http11 import Response

from edge.errors import PublishError

BUNDLED_PAGE = Path(__file__).parent / "static"  # built from clients/web/page
MAX_FILE_BYTES = 64 << 20
# Not from this machine's MIME tables: browsers do not run a script of type text/plain.
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
    """Serves the files of a folder; index.html is the response for a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises PublishError if there is no index.html."""
        if not (folder / "index.html").is_file():
            raise PublishError(f"{folder}: index.html is missing; build the page as in clients/web/README.md")
        self._folder = folder.resolve()

    def answer(self, path: str) -> Response | None:
        """Return the response for a path (%-encoded, without query); None if there is no such file."""
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
            file = (self._folder / path.lstrip("/")).resolve()  # links must stay inside too
            if file.is_dir():
                file /= "index.html"
            inside = file.is_relative_to(self._folder)
            return file if inside and file.is_file() and file.stat().st_size <= MAX_FILE_BYTES else None
        except (OSError, ValueError, RuntimeError):
            return None
