"""Addresses and stream names that a publisher accepts and refuses."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from edge.types import BodyModel
from edge.wire.curve_auth import Security
from edge.wire.publisher import Publisher
from meshcast.errors import AddressError, WireError
from meshcast.protocol.layout import Kind, topic
from tests.support import golden_packets

MODEL: BodyModel = golden_packets.model()
ANY_PORT = "tcp://127.0.0.1:0"


def test_publisher_occupied_port_raises_address_error() -> None:
    with Publisher(ANY_PORT, MODEL, streams=["cam0"]) as publisher, pytest.raises(AddressError) as caught:
        Publisher(publisher.address, MODEL, streams=["cam1"])
    assert str(caught.value) == f"{publisher.address}: address already in use; choose another port"


def test_publisher_close_frees_the_port() -> None:
    first = Publisher(ANY_PORT, MODEL, streams=["cam0"])
    first.close()
    with Publisher(first.address, MODEL, streams=["cam0"]) as second:
        assert second.address == first.address


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "not an address; use tcp://HOST:PORT, ipc://PATH or inproc://NAME"),
        ("127.0.0.1:5556", "not an address; use tcp"),
        ("udp://127.0.0.1:5556", "not an address; use tcp"),
        ("tcp://127.0.0.1", "port from 0 to 65535"),
        ("tcp://127.0.0.1:99999", "port from 0 to 65535"),
        ("tcp://:5556", "port from 0 to 65535"),
        ("tcp://192.0.2.1:5556", "this machine has no such address"),
        ("tcp://no-such-host.invalid:5556", "this machine has no such address"),
        ("ipc:///no/such/folder/socket", "the folder of this socket file does not exist"),
        ("ipc://" + "x" * 300, "the path is too long"),
    ],
)
def test_publisher_invalid_address_raises_one_line(address: str, message: str) -> None:
    with pytest.raises(AddressError, match=message) as caught:
        Publisher(address, MODEL, streams=["cam0"], security=Security(insecure=True))
    assert str(caught.value).startswith(f"{address}: ")
    assert "\n" not in str(caught.value)


def test_publisher_ipc_path_of_a_file_is_refused_and_the_file_kept(tmp_path: Path) -> None:
    file = tmp_path / "precious.txt"
    file.write_text("mine")
    with pytest.raises(AddressError, match="not a socket"):
        Publisher(f"ipc://{file}", MODEL, streams=["cam0"])
    assert file.read_text() == "mine"


def test_publisher_ipc_path_of_a_live_socket_is_refused(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket"
    with Publisher(address, MODEL, streams=["cam0"]), pytest.raises(AddressError, match="already in use"):
        Publisher(address, MODEL, streams=["cam1"])


def test_publisher_stale_socket_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with Publisher(f"ipc://{path}", MODEL, streams=["cam0"]) as publisher:
        assert publisher.address == f"ipc://{path}"


@pytest.mark.parametrize("names", [{"streams": ["a/b"]}, {"streams": [""]}])
def test_publisher_invalid_stream_name_raises_wire_error(names: dict[str, Any]) -> None:
    with pytest.raises(WireError, match="stream name"):
        Publisher(ANY_PORT, MODEL, **names)


def test_publisher_topic_of_a_longer_stream_name_does_not_request_the_model() -> None:
    assert not topic(Kind.MODEL, "cam0").startswith(topic(Kind.MODEL, "cam"))
