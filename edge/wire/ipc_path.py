"""Protects existing files before an ipc:// address is bound."""

from __future__ import annotations

import os
import socket
import stat

from edge.errors import PublishError


def check_socket_file(address: str) -> None:
    """Raises PublishError when binding an ipc:// address would delete a file or a socket in use.

    ZeroMQ deletes whatever is at the path before it binds.
    """
    path = address.removeprefix("ipc://")
    if not address.startswith("ipc://") or path.startswith("@") or not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise PublishError(f"{address}: exists and is not a socket; choose another path")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return  # left behind by a process that has ended
    raise PublishError(f"{address}: address already in use; choose another path with --publish")
