"""Content that the bridge serves over HTTP besides the page, under the access control of the streams."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from websockets.datastructures import Headers
from websockets.http11 import Response

from edge.bridges.websocket.static_files import HEADERS

ABOUT = "/about.json"


class Resource(Protocol):
    """Content under some paths; its methods are called on any thread."""

    def owns(self, path: str) -> bool:
        """Whether a request for this path is for it."""
        ...

    def answer(self, path: str, query: str) -> Response:
        """The response for a path that it owns, and the query of the URL."""
        ...


class About:
    """What the page shows: `mode` is "live" or "recording", `source` the name of what is shown."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._body = json.dumps(dict(values)).encode()

    def owns(self, path: str) -> bool:
        """Whether the path is that of the description."""
        return path == ABOUT

    def answer(self, path: str, query: str) -> Response:
        """The description as JSON."""
        return respond(self._body, "application/json")


def respond(body: bytes, content_type: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A response that browsers do not store."""
    headers = Headers(HEADERS)
    headers["Cache-Control"] = "no-store"
    headers["Content-Type"] = content_type
    headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    return Response(status, status.phrase, headers, body)


def refuse(status: HTTPStatus, text: str) -> Response:
    """An error response with one line of text."""
    return respond(f"{text}\n".encode(), "text/plain; charset=utf-8", status)
