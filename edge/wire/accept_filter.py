"""Blocks new connections to a listening socket for a while, although libzmq accepts them."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from contextlib import suppress

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # of Linux
DROP_ALL = struct.pack("=HBBI", 0x06, 0, 0, 0)  # a socket filter of one instruction: keep 0 bytes of every packet
BLOCKED_SUFFIX = ".blocked"


class AcceptFilter:
    """Blocks and unblocks a listening socket.

    While it is blocked, the system drops the requests for TCP connections, which clients repeat after a second, and the
    file of a Unix socket has another name. Abstract Unix sockets cannot be blocked. Raises OSError when the descriptor
    is not a socket.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self.local = self._socket.family == socket.AF_UNIX
        self._path = ""
        if self.local:
            name = self._socket.getsockname()
            self._path = name if isinstance(name, str) else ""
        self._unblockable = self.local and not self._path
        self._blocked = False

    def block(self, block: bool) -> None:
        """Block new connections, or accept them again."""
        if block == self._blocked or self._unblockable:
            return
        with suppress(OSError):
            if self._path:
                self._rename(block)
            elif block:
                code = ctypes.create_string_buffer(DROP_ALL)
                program = struct.pack("@HP", 1, ctypes.addressof(code))
                self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
            else:
                self._socket.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
            self._blocked = block

    def close(self) -> None:
        """Release the socket; a blocked one stays blocked."""
        if self._blocked and self._path:
            with suppress(OSError):
                os.unlink(self._path + BLOCKED_SUFFIX)
        self._socket.close()

    def _rename(self, block: bool) -> None:
        if block:
            os.rename(self._path, self._path + BLOCKED_SUFFIX)
            return
        try:
            # Unlike a rename, this never replaces the socket of another program.
            os.link(self._path + BLOCKED_SUFFIX, self._path)
        finally:
            os.unlink(self._path + BLOCKED_SUFFIX)
