"""What one browser wants, and what waits for it: the newest message of each topic, and nothing older."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from meshcast.errors import WireError
from meshcast.protocol.layout import LEVELS, TOPIC_PREFIXES, TOPIC_SIZE, Kind, topic

DEFAULT_LEVEL = "mesh-lod"
MAX_PARAMETERS = 16
MAX_TOPICS = 1024  # that may wait for a browser, with the models that it has got
MODEL = f"{TOPIC_PREFIXES[Kind.MODEL]}/".encode()
STATUS = f"{TOPIC_PREFIXES[Kind.STATUS]}/".encode()
IDENTITY = slice(72, 80)  # session and model_id of a message


@dataclass(frozen=True, slots=True)
class ClientSelection:
    """Levels of one stream, or of all when `stream` is empty."""

    levels: tuple[str, ...]
    stream: str

    @staticmethod
    def parse(query: str) -> ClientSelection:
        """From the query of an address, for example `levels=mesh-lod,params&stream=cam0`; the level is mesh-lod unless
        it is given, and what else is there is not looked at. Raises WireError."""
        try:
            values = parse_qs(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
        except ValueError:
            raise WireError(f"more than {MAX_PARAMETERS} parameters; use ?levels=mesh-lod,params&stream=NAME") from None
        levels = tuple(dict.fromkeys(values.get("levels", [DEFAULT_LEVEL])[-1].split(",")))
        if unknown := [level for level in levels if level not in LEVELS]:
            raise WireError(f"unknown level {unknown[0][:20]!r}; choose from {', '.join(LEVELS)}")
        stream = values.get("stream", [""])[-1]
        if stream:
            topic(Kind.MESH_LOD, stream)
        return ClientSelection(levels, stream)

    def prefixes(self) -> list[bytes]:
        """How the topics of the frames start that are wanted."""
        if self.stream:
            return [topic(LEVELS[level], self.stream) for level in self.levels]
        return [f"{level}/".encode() for level in self.levels]

    def topics(self) -> tuple[bytes, ...]:
        """How all topics start that are wanted: those of the frames, the model's and the status's."""
        if self.stream:
            return (topic(Kind.MODEL, self.stream), topic(Kind.STATUS, self.stream), *self.prefixes())
        return (MODEL, STATUS, *self.prefixes())


class ClientQueue:
    """The messages that wait for one browser: of each topic the newest, models before everything else."""

    def __init__(self, choice: ClientSelection, models: Iterable[bytes] = ()) -> None:
        self.choice = choice
        self._topics = choice.topics()
        self._models: dict[bytes, bytes] = {}
        self._others: dict[bytes, bytes] = {}
        self._known: dict[bytes, bytes] = {}
        self._some = asyncio.Event()
        for model in models:
            self.offer(model)

    def offer(self, message: bytes) -> None:
        """Let the message wait if it is wanted; one of the same topic that still waits is forgotten. A model that the
        browser has got is not repeated."""
        if not message.startswith(self._topics):
            return
        name = message[:TOPIC_SIZE]
        if name not in self._others and len(self._others) + len(self._known) >= MAX_TOPICS:
            return
        if not name.startswith(MODEL):
            self._others[name] = message  # in the place of the one before: no topic waits for ever
        elif self._known.get(name) != message[IDENTITY]:
            self._known[name] = message[IDENTITY]
            self._models[name] = message
        else:
            return
        self._some.set()

    async def next(self) -> bytes:
        """The message to send now, when there is one."""
        await self._some.wait()
        waiting = self._models or self._others
        message = waiting.pop(next(iter(waiting)))
        if not self._models and not self._others:
            self._some.clear()
        return message
