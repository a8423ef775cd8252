"""A recording over HTTP: what is in it, and any part of it, for pages that search in it."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from websockets.http11 import Response

from edge.bridges.websocket.resources import refuse, respond
from edge.errors import RecordingError
from edge.recording.mcap_index import NOWHERE, RecordingIndex, StreamIndex
from meshcast.protocol.layout import EXTRAS, LEVELS

FOLDER = "/recording/"
MAX_FRAMES = 256  # of an answer
MAX_ANSWER_BYTES = 2 << 20  # sent within the time for a request, also over slow connections
MAX_PARAMETERS = 8
BINARY = "application/octet-stream"
_ENTRY = struct.Struct("<II")  # before each message: its size, and the index of its frame


class Library:
    """Answers requests for the parts of a recording:

    - `index.json`: its streams with their levels.
    - `times?stream=NAME`: the time of each frame in seconds, float64.
    - `models?stream=NAME`: the model messages.
    - `frames?stream=NAME&from=N&count=N&topics=params,preview`: the messages of some frames; the header `X-Next` has
      the first frame after them, for an answer that would have become too large.

    In `models` and `frames` the size of a message and the index of its frame are before it, two uint32.
    """

    def __init__(self, index: RecordingIndex) -> None:
        self._index = index
        self._lock = threading.Lock()

    def owns(self, path: str) -> bool:
        """Whether the path is one of the recording's."""
        return path.startswith(FOLDER)

    def answer(self, path: str, query: str) -> Response:
        """The response to a request."""
        what = path.removeprefix(FOLDER)
        if what == "index.json":
            return respond(json.dumps(self._contents()).encode(), "application/json")
        try:
            values = {name: each[-1] for name, each in parse_qs(query, max_num_fields=MAX_PARAMETERS).items()}
            stream = self._index.streams.get(values.get("stream", ""))
            if stream is None:
                return refuse(HTTPStatus.NOT_FOUND, "no such stream in the recording")
            if what == "times":
                return respond(stream.times_s.astype("<f8").tobytes(), BINARY)
            if what == "models":
                with self._lock:
                    return respond(b"".join(_entry(0, self._index.message(place)) for place in stream.models), BINARY)
            if what == "frames":
                return self._frames(stream, values)
        except ValueError:
            return refuse(HTTPStatus.BAD_REQUEST, "invalid query; use stream=NAME&from=N&count=N&topics=params")
        except RecordingError as error:
            return refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        return refuse(HTTPStatus.NOT_FOUND, "not found")

    def _contents(self) -> dict[str, object]:
        return {
            "truncated": self._index.truncated,
            "streams": [
                {
                    "name": name,
                    "frames": len(stream.times_s),
                    "levels": [level for level in LEVELS if level in stream.levels],
                    "previews": stream.has_previews,
                    "floor": None
                    if stream.floor is None
                    else {"up": stream.floor.up.tolist(), "height_m": stream.floor.height_m},
                }
                for name, stream in self._index.streams.items()
            ],
        }

    def _frames(self, stream: StreamIndex, values: Mapping[str, str]) -> Response:
        start, count = int(values.get("from", "0")), int(values.get("count", "1"))
        topics = values.get("topics", "").split(",")
        if start < 0 or count < 1 or any(topic not in LEVELS and topic not in EXTRAS for topic in topics):
            raise ValueError
        stop = min(len(stream.times_s), start + min(count, MAX_FRAMES))
        parts: list[bytes] = []
        size = 0
        frame = start
        with self._lock:
            for entries in self._entries(stream, topics, start, stop):
                size += sum(map(len, entries))
                if parts and size > MAX_ANSWER_BYTES:
                    break
                parts += entries
                frame += 1
        response = respond(b"".join(parts), BINARY)
        response.headers["X-Next"] = str(frame)
        return response

    def _entries(self, stream: StreamIndex, topics: list[str], start: int, stop: int) -> Iterator[list[bytes]]:
        places = [stream.places(topic, start, stop) for topic in topics]
        for row in range(stop - start):
            found = [each[row] for each in places if each[row] != NOWHERE]
            yield [_entry(start + row, self._index.message(place)) for place in found]


def _entry(frame: int, message: bytes) -> bytes:
    return _ENTRY.pack(len(message), frame) + message
