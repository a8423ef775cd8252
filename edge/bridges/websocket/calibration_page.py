"""What the page of a calibration shows: the camera's images with the board, the views so far, and what to do next."""

from __future__ import annotations

import json
import math
import secrets
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import cv2
import numpy as np
from numpy.typing import NDArray
from websockets.http11 import Response

from calibration.boards import View
from edge.bridges.websocket.resources import refuse, respond
from edge.bridges.websocket.static_files import BUNDLED_PAGE
from edge.types import U8

FOLDER = "/calibration/"
PAGE = BUNDLED_PAGE / "calibrate"
LONGER_SIDE = 960  # of the images, px
QUALITY = 80
WATCHED_S = 3.0  # since the last request of a page
MAX_PARAMETERS = 4
BINARY = "application/octet-stream"


class CalibrationPage:
    """Answers the requests of the page, on any thread; the calibration shows what happens.

    - `frame?after=N&have=M`: the size of a JSON object (uint32), the object, and the newest image as JPEG; an empty
      answer if that is image N. The object has the views from number M on. At the end the image is the coverage, a PNG.
    - `finish?key=KEY`: ends the collection; KEY is in the object, which pages of other origins cannot read.
    """

    def __init__(self, board: tuple[int, int], on_finish: Callable[[], None] = lambda: None) -> None:
        """
        Args:
            board: corners along its sides, for the outline of where to hold it.
            on_finish: called on the thread of a request when the page asks for the end.
        """
        self.on_finish = on_finish
        self.told = threading.Event()  # a page has received the result
        self._board = board
        self._key = secrets.token_urlsafe(16)
        self._lock = threading.Lock()
        self._asked_s = -math.inf
        self._number = 0
        self._jpeg = b""
        self._values: dict[str, Any] = {}
        self._views: list[list[list[float]]] = []
        self._coverage: bytes | None = None
        self._result: list[str] | None = None

    @property
    def watched(self) -> bool:
        """Whether a page has asked within the last seconds."""
        return time.monotonic() - self._asked_s < WATCHED_S

    def show(self, image: U8, found: View | None, views: Sequence[View], values: Mapping[str, Any]) -> None:
        """Show an image and what is known so far.

        Args:
            image: (H, W, 3) BGR.
            found: the board in it.
            views: those that were kept; the former ones first.
            values: further values of the object.
        """
        if self._number and not self.watched:
            return
        height, width = image.shape[:2]
        scale = min(1.0, LONGER_SIDE / max(width, height))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
        good, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        assert good
        size = np.array([width, height])
        new = [_shares(view, size) for view in views[len(self._views) :]]
        with self._lock:
            self._number += 1
            self._jpeg = jpeg.tobytes()
            self._views += new
            self._values = {
                **values,
                "aspect": width / height,
                "found": [] if found is None else _shares(found, size),
            }

    def finish(self, lines: Sequence[str], coverage: NDArray[np.uint8] | None) -> None:
        """Show the result: lines of text, and the image of the coverage (H, W, 3) BGR, None after an error."""
        data = None if coverage is None else cv2.imencode(".png", coverage)[1].tobytes()
        with self._lock:
            self._number += 1
            self._coverage = data
            self._result = list(lines)

    def owns(self, path: str) -> bool:
        """Whether the path is one of the calibration's."""
        return path.startswith(FOLDER)

    def answer(self, path: str, query: str) -> Response:
        """The response to a request."""
        what = path.removeprefix(FOLDER)
        try:
            asked = parse_qs(query, max_num_fields=MAX_PARAMETERS)
            values = {name: each[-1] for name, each in asked.items()}
            if what == "frame":
                return self._frame(int(values.get("after", "0")), int(values.get("have", "0")))
        except ValueError:
            return refuse(HTTPStatus.BAD_REQUEST, "invalid query; use after=N&have=N")
        if what == "finish":
            if not secrets.compare_digest(values.get("key", "").encode(), self._key.encode()):
                return refuse(HTTPStatus.FORBIDDEN, "wrong key; reload the page")
            self.on_finish()
            return respond(b"{}", "application/json")
        return refuse(HTTPStatus.NOT_FOUND, "not found")

    def _frame(self, after: int, have: int) -> Response:
        self._asked_s = time.monotonic()
        with self._lock:
            if self._number <= after:
                return respond(b"", BINARY, HTTPStatus.NO_CONTENT)
            content = {
                **self._values,
                "key": self._key,
                "number": self._number,
                "board": self._board,
                "views": len(self._views),
                "new": self._views[max(0, have) :],
                "result": self._result,
                "image": self._coverage is not None,
            }
            image = self._jpeg if self._coverage is None else self._coverage
        text = json.dumps(content).encode()
        if content["result"] is not None:
            self.told.set()
        return respond(struct.pack("<I", len(text)) + text + image, BINARY)


def _shares(view: View, size: NDArray[np.int_]) -> list[list[float]]:
    """Its corners in fractions of the image's size."""
    shares: list[list[float]] = np.round((view.corners + 0.5) / size, 4).tolist()
    return shares
