"""Subscriptions and send queue of one browser, which holds only the newest message of each topic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from meshcast.errors import WireError
from meshcast.protocol.layout import EXTRAS, LEVELS, TOPIC_PREFIXES, TOPIC_SIZE, Kind, topic

DEFAULT_LEVEL = "mesh-lod"
MAX_PARAMETERS = 16
MAX_TOPICS = 1024  # queued for a browser, including the models that it has received
MODEL = f"{TOPIC_PREFIXES[Kind.MODEL]}/".encode()
STATUS = f"{TOPIC_PREFIXES[Kind.STATUS]}/".encode()
SELECTABLE = LEVELS | EXTRAS
IDENTITY = slice(72, 80)  # session and model_id of a message


@dataclass(frozen=True, slots=True)
class ClientSelection:
    """Levels, and "preview" and "stats", of one stream, or of all streams if `stream` is empty."""

    levels: tuple[str, ...]
    stream: str

    @staticmethod
    def parse(query: str) -> ClientSelection:
        """Parse the query of a URL, for example `levels=mesh-lod,params&stream=cam0`. The default level is mesh-lod;
        other parameters are ignored. Raises WireError."""
        try:
            values = parse_qs(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
        except ValueError:
            raise WireError(f"more than {MAX_PARAMETERS} parameters; use ?levels=mesh-lod,params&stream=NAME") from None
        levels = tuple(dict.fromkeys(values.get("levels", [DEFAULT_LEVEL])[-1].split(",")))
        if unknown := [level for level in levels if level not in SELECTABLE]:
            raise WireError(f"unknown level {unknown[0][:20]!r}; choose from {', '.join(SELECTABLE)}")
        stream = values.get("stream", [""])[-1]
        if stream:
            topic(Kind.MESH_LOD, stream)
        return ClientSelection(levels, stream)

    def prefixes(self) -> list[bytes]:
        """Return the topic prefixes of the selected frames."""
        if self.stream:
            return [topic(SELECTABLE[level], self.stream) for level in self.levels]
        return [f"{level}/".encode() for level in self.levels]

    def topics(self) -> tuple[bytes, ...]:
        """Return all selected topic prefixes: of frames, model and status."""
        if self.stream:
            return (topic(Kind.MODEL, self.stream), topic(Kind.STATUS, self.stream), *self.prefixes())
        return (MODEL, STATUS, *self.prefixes())


class ClientQueue:
    """The messages queued for one browser: the newest of each topic, models before everything else."""

    def __init__(self, selection: ClientSelection, models: Iterable[bytes] = ()) -> None:
        self.selection = selection
        self._topics = selection.topics()
        self._models: dict[bytes, bytes] = {}
        self._others: dict[bytes, bytes] = {}
        self._known: dict[bytes, bytes] = {}
        self._pending = asyncio.Event()
        for model in models:
            self.offer(model)

    def offer(self, message: bytes) -> None:
        """Queue a message if it is selected; it replaces a queued one of the same topic. A model that the browser has
        received is not repeated."""
        if not message.startswith(self._topics):
            return
        name = message[:TOPIC_SIZE]
        if name not in self._others and len(self._others) + len(self._known) >= MAX_TOPICS:
            return
        if not name.startswith(MODEL):
            self._others[name] = message  # keeps the position of the replaced message: no topic starves
        elif self._known.get(name) != message[IDENTITY]:
            self._known[name] = message[IDENTITY]
            self._models[name] = message
        else:
            return
        self._pending.set()

    async def next(self) -> bytes:
        """Wait for the next message to send."""
        await self._pending.wait()
        queue = self._models or self._others
        message = queue.pop(next(iter(queue)))
        if not self._models and not self._others:
            self._pending.clear()
        return message
