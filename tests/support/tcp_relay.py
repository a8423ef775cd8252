"""A TCP relay on loopback that records every byte, for tests of what an eavesdropper can read."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType

CHUNK = 1 << 16


class Relay:
    """Listens at `address` and passes everything on to `target`, both of the form tcp://127.0.0.1:PORT.

    to_server and to_client hold what passed in each direction, of all connections together. With `change` set, one bit
    of each piece that goes to a client is turned. A thread does the work until close().
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("tcp://").rpartition(":")
        self._target = (host, int(port))
        self.to_server = bytearray()
        self.to_client = bytearray()
        self.change = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._work, name="relay")
        self._thread.start()

    def close(self) -> None:
        """Cut all connections and end the thread."""
        self._wake.close()
        self._thread.join()

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work(self) -> None:
        # Where a socket's bytes go, and where they are kept.
        routes: dict[socket.socket, tuple[socket.socket, bytearray]] = {}
        with selectors.DefaultSelector() as selector, self._listener, self._woken:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    ready = key.fileobj
                    if ready is self._woken:
                        for each in routes:
                            each.close()
                        return
                    if ready is self._listener:
                        client, _ = self._listener.accept()
                        server = socket.create_connection(self._target)
                        routes[client], routes[server] = (server, self.to_server), (client, self.to_client)
                        for each in (client, server):
                            selector.register(each, selectors.EVENT_READ)
                    elif ready in routes:  # the other end may have closed both in this round
                        other, kept = routes[ready]
                        if not _pass_on(ready, other, kept, self.change and kept is self.to_client):
                            for each in (ready, other):
                                selector.unregister(each)
                                del routes[each]
                                each.close()


def _pass_on(source: socket.socket, target: socket.socket, kept: bytearray, change: bool) -> bool:
    """Whether the connection is still open."""
    try:
        data = source.recv(CHUNK)
        kept += data
        if change and data:
            data = data[:-1] + bytes([data[-1] ^ 1])
        target.sendall(data)
    except OSError:
        return False
    return bool(data)
