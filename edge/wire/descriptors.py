"""The limit of file descriptors, and the share of network peers."""

from __future__ import annotations

import logging
import resource

WANTED = 8192  # enough for all peers and many sources; a higher limit slows down programs that close every descriptor
PEERS_SHARE = 4  # a quarter of the descriptors is for peers, the rest for files, sources and engines
MIN_CONNECTIONS = 8

log = logging.getLogger("meshcast.security")


def raise_limit() -> int:
    """Raise the soft limit of open files to WANTED, or to the hard limit; returns the limit in effect."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = WANTED if hard == unlimited else min(WANTED, hard)
    if soft != unlimited and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError) as error:
            log.warning("open files: the limit of %d cannot be raised (%s)", soft, error)
    return WANTED if soft == unlimited else soft


def max_connections(wanted: int) -> int:
    """Maximum number of connected peers: `wanted`, or fewer when the limit of open files is low."""
    return min(wanted, max(MIN_CONNECTIONS, raise_limit() // PEERS_SHARE))
