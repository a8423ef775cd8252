"""Subscribers in a process of their own that receive and throw away, and one, if wanted, that never receives."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType


class Subscribers:
    """Some subscribers to `address`, `stuck` of which never take a message; ready once the others have their first."""

    def __init__(self, address: str, count: int, stuck: int) -> None:
        words = [sys.executable, __file__, address, str(count), str(stuck)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE)

    def __enter__(self) -> Subscribers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # which ends it
        self._process.wait()


def main(address: str, count: int, stuck: int) -> None:
    import zmq

    context = zmq.Context()
    poller = zmq.Poller()
    poller.register(sys.stdin, zmq.POLLIN)
    sockets = []
    for index in range(count):
        socket = context.socket(zmq.SUB)
        socket.set(zmq.RCVHWM, 1 if index < stuck else 8)
        socket.set(zmq.LINGER, 0)
        socket.subscribe(b"mesh/")
        socket.connect(address)
        sockets.append(socket)
        if index >= stuck:
            poller.register(socket, zmq.POLLIN)
    while True:
        for socket, _ in poller.poll():
            if not isinstance(socket, zmq.Socket):
                context.destroy(0)
                return
            socket.recv(copy=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
