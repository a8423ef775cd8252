"""Keeps new connections from a listening socket for a while, whoever accepts them."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from contextlib import suppress

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # of Linux
DROP_ALL = struct.pack("=HBBI", 0x06, 0, 0, 0)  # a socket filter of one instruction: keep 0 bytes of every packet
SHUT = ".shut"


class Door:
    """The way into a listening socket. While it is shut, the system drops the requests for TCP connections, which are
    repeated after a second, and a Unix socket's file has another name. Abstract Unix sockets stay open.

    Raises OSError when the descriptor is no socket's.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self.local = self._socket.family == socket.AF_UNIX
        self._path = ""
        if self.local:
            name = self._socket.getsockname()
            self._path = name if isinstance(name, str) else ""
        self._stays_open = self.local and not self._path
        self._shut = False

    def shut(self, shut: bool) -> None:
        """Shut the door, or open it."""
        if shut == self._shut or self._stays_open:
            return
        with suppress(OSError):
            if self._path:
                self._rename(shut)
            elif shut:
                code = ctypes.create_string_buffer(DROP_ALL)
                program = struct.pack("@HP", 1, ctypes.addressof(code))
                self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
            else:
                self._socket.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
            self._shut = shut

    def close(self) -> None:
        """Let go of the socket; one that is shut stays so."""
        if self._shut and self._path:
            with suppress(OSError):
                os.unlink(self._path + SHUT)
        self._socket.close()

    def _rename(self, shut: bool) -> None:
        if shut:
            os.rename(self._path, self._path + SHUT)
            return
        try:
            os.link(self._path + SHUT, self._path)  # unlike a rename, this never replaces another program's socket
        finally:
            os.unlink(self._path + SHUT)
