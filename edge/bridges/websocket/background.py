"""A bridge on a thread of its own, for programs whose main thread does something else."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType

from edge.bridges.websocket.server import Bridge


class BackgroundBridge:
    """Runs a bridge on a thread; a context manager. `link` is the page's URL. Entering raises the bridge's errors."""

    def __init__(self, bridge: Bridge) -> None:
        self.link = ""
        self._bridge = bridge
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="meshcast-page", daemon=True)

    def __enter__(self) -> BackgroundBridge:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        async with self._bridge as bridge:
            self.link = bridge.link
            self._ready.set()
            await bridge.run()
