"""Worker processes that cannot start."""

from __future__ import annotations

import pytest

from edge.batch.process_pool import ProcessPool
from engines.errors import MeshcastError
from tests.support.batch_workers import killed, unusable


def wait_until_it_raises(pool: ProcessPool) -> None:
    while True:
        pool.wait(1.0)


def test_process_pool_models_that_cannot_be_loaded_raise() -> None:
    pool = ProcessPool(unusable, 1)
    try:
        with pytest.raises(MeshcastError, match=r"^no such model$"):
            wait_until_it_raises(pool)
    finally:
        pool.close()
    assert pool.pids == []


def test_process_pool_workers_that_die_at_start_raise() -> None:
    pool = ProcessPool(killed, 1)
    try:
        with pytest.raises(MeshcastError, match=r"^a worker was ended by SIGKILL while it loads the models, 3 times"):
            wait_until_it_raises(pool)
    finally:
        pool.close()
