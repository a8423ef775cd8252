"""Steps of a stream as graphs: a step is captured when it runs for the second time, and replayed from then on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable

from engines.device.base import Graph, Stream
from engines.errors import DeviceLostError, ModelError, OutOfMemoryError

log = logging.getLogger("meshcast.gpu")


class StepGraphs:
    """The graphs of one step, by what differs between its runs: the size of the batch and the memory in use.

    For the thread that enqueues the step. A step that cannot be captured runs without graphs, which is logged once a
    process for each name of a step.
    """

    _refused: set[str] = set()  # noqa: RUF012 - names that were logged, of all steps
    _one = threading.Lock()

    def __init__(self, stream: Stream, name: str, *, captures: bool = True) -> None:
        """captures: False: this step is known not to be captured."""
        self.name = name
        self._stream, self._captures = stream, captures
        self._graphs: dict[Hashable, Graph] = {}
        self._warm: set[Hashable] = set()

    def run(self, key: Hashable, enqueue: Callable[[], None]) -> None:
        """Enqueue a step: launches and copies alone, for the same arrays at every call with the key."""
        graph = self._graphs.get(key)
        if graph is not None:
            self._stream.replay(graph)
        elif not self._captures or key not in self._warm:
            enqueue()  # engines finish their preparation for a batch size in the first run
            self._warm.add(key)
        else:
            self._capture(key, enqueue)

    def clear(self) -> None:
        """Forget all graphs, because their memory is freed; when no run of them is in flight."""
        for graph in self._graphs.values():
            graph.close()
        self._graphs.clear()
        self._warm.clear()

    def _capture(self, key: Hashable, enqueue: Callable[[], None]) -> None:
        try:
            graph = self._stream.capture(self.name, enqueue)
        except (DeviceLostError, OutOfMemoryError):
            raise
        except ModelError as error:
            self._captures = False
            self._refuse(error)
            enqueue()
            return
        self._graphs[key] = graph
        self._stream.replay(graph)

    def _refuse(self, error: ModelError) -> None:
        with self._one:
            if self.name in self._refused:
                return
            self._refused.add(self.name)
        log.warning("%s; its launches are enqueued one by one", error)
