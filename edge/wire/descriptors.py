"""The process's file descriptors: as many as it may have, and the share that network peers may take."""

from __future__ import annotations

import logging
import resource

WANTED = 8192  # a full share of peers and many sources; more would only cost time where programs close all of them
PEERS_SHARE = 4  # one in so many descriptors may be a peer's connection; the rest is for files, sources and engines
MIN_CONNECTIONS = 8

log = logging.getLogger("meshcast.security")


def raise_limit() -> int:
    """Raise the soft limit of open files to WANTED, or as far as the hard one allows; returns the limit now."""
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
    """How many peers may be connected at a time: `wanted`, or fewer where the process may open few files."""
    return min(wanted, max(MIN_CONNECTIONS, raise_limit() // PEERS_SHARE))
