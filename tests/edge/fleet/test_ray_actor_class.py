"""The class that Ray sends to nodes, of which some have another version of Meshcast."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from edge.fleet.ray_actor_class import actor_class
from tests.support.fleets import MODULE


@pytest.mark.parametrize(("installed", "said"), [("0.0.1", "has Meshcast 0.0.1"), (None, "has no Meshcast")])
def test_actor_on_a_node_with_another_version_does_not_start(
    monkeypatch: pytest.MonkeyPatch, installed: str | None, said: str
) -> None:
    pytest.importorskip("ray")
    import ray

    def version(name: str) -> str:
        if installed is None:
            raise metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(ray, "get_runtime_context", lambda: SimpleNamespace(get_node_id=lambda: "0123456789"))
    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "10.0.0.7")
    node, _, problem = actor_class()().open("0.0.2", MODULE)
    assert node == "10.0.0.7 (01234567)"
    assert said in problem
    assert problem.endswith(", the fleet Meshcast 0.0.2; install one version on all nodes")


def test_actor_class_is_sent_as_code() -> None:
    pickled = pytest.importorskip("ray").cloudpickle.dumps(actor_class())
    program = (
        "import pickle, sys; made = pickle.loads(sys.stdin.buffer.read())(); print(made.open, 'edge' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=pickled, capture_output=True, check=True)
    assert done.stdout.decode().endswith(" False\n")
