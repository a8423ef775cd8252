"""Access control of a publisher: local addresses, authorized clients, and the refusal of unprotected addresses."""

from __future__ import annotations

import logging
from itertools import count
from pathlib import Path

import pytest

from edge.errors import PublishError
from edge.wire.curve_auth import MAX_REMEMBERED, KnownClients, Security, check_access, is_local
from edge.wire.keys import new_keys
from meshcast.transport.curve import read_keys, read_public


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys of a server and of phone, which is authorized in clients/."""
    (tmp_path / "clients").mkdir()
    for name in ("server", "phone"):
        new_keys(tmp_path / name)
    (tmp_path / "clients" / "phone.pub").write_bytes((tmp_path / "phone.pub").read_bytes())
    return tmp_path


def test_known_clients_file_without_key_is_ignored_with_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clients = folder / "clients"
    (clients / "broken.pub").write_text("hello")
    (clients / "README.txt").write_text("hello")
    (clients / "folder.key").mkdir()
    known = KnownClients(clients)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert known.keys() == {read_public(folder / "phone.pub")}
    assert sorted(line.split(": ")[0] for line in caplog.messages) == [
        str(clients / "broken.pub"),
        str(clients / "folder.key"),
    ]


def test_known_clients_many_unauthorized_keys_use_bounded_log_and_memory(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = KnownClients(folder / "clients")
    numbers = count(10**39)
    for number in range(MAX_REMEMBERED + 50):
        assert not known.callback("meshcast", str(next(numbers)).encode()), number
    assert len(caplog.messages) == MAX_REMEMBERED


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("ipc:///tmp/socket", True),
        ("ipc://@abstract", True),
        ("inproc://name", True),
        ("tcp://127.0.0.1:5556", True),
        ("tcp://127.0.0.1:*", True),
        ("tcp://127.8.9.10:0", True),
        ("tcp://localhost:5556", True),
        ("tcp://LocalHost:5556", True),
        ("tcp://[::1]:5556", True),
        ("tcp://[0:0:0:0:0:0:0:1]:5556", True),
        ("tcp://*:5556", False),
        ("tcp://0.0.0.0:5556", False),
        ("tcp://[::]:5556", False),
        ("tcp://::1:5556", False),
        ("tcp://192.168.1.2:5556", False),
        ("tcp://128.0.0.1:5556", False),
        ("tcp://eth0:5556", False),
        ("tcp://lo:5556", False),
        ("tcp://camera.local:5556", False),
        ("tcp://127.0.0.1.example.com:1", False),
        ("tcp://localhost.example.com:1", False),
        ("tcp://127.0.0.1@example.com:1", False),
        ("tcp://127.1:5556", False),
        ("tcp://127.0.0.01:5556", False),
        ("tcp://2130706433:5556", False),
        ("tcp://[127.0.0.1]:5556", False),
        ("tcp://[::ffff:127.0.0.1]:1", False),
        ("tcp://[::1%eth0]:1", False),
        ("tcp://127.0.0.1:0;192.168.1.2:5556", False),
        ("tcp://192.168.1.2:0;127.0.0.1:5556", False),
        ("tcp://127.0.0.1", False),
        ("tcp://:5556", False),
        ("tcp:127.0.0.1:5556", False),
        ("TCP://127.0.0.1:5556", False),
        ("ws://127.0.0.1:5556", False),
        ("ipc://", False),
        ("", False),
    ],
)
def test_is_local_address_is_true_only_for_this_machine(address: str, local: bool) -> None:
    assert is_local(address) is local


OPEN = (
    "tcp://*:5556: refusing to bind a public address without encryption; add --curve server.key --allow clients/ "
    "(see meshcast keys new), or --insecure"
)


def test_check_access_public_address_needs_keys_or_insecure(folder: Path) -> None:
    keys, clients = read_keys(folder / "server.key"), folder / "clients"
    with pytest.raises(PublishError) as caught:
        check_access("tcp://*:5556", Security())
    assert str(caught.value) == OPEN
    check_access("tcp://*:5556", Security(insecure=True))
    check_access("tcp://*:5556", Security(keys, clients))
    check_access("tcp://127.0.0.1:5556", Security())


@pytest.mark.parametrize("address", ["tcp://*:5556", "tcp://127.0.0.1:5556"])
def test_check_access_keys_without_authorized_clients_raise_publish_error(folder: Path, address: str) -> None:
    keys, empty = read_keys(folder / "server.key"), folder / "empty"
    with pytest.raises(PublishError, match=r"no client is authorized; add --allow clients/"):
        check_access(address, Security(keys))
    with pytest.raises(PublishError, match=r"empty: cannot be listed \(No such file or directory\)"):
        check_access(address, Security(keys, empty))
    empty.mkdir()
    with pytest.raises(PublishError, match=r"empty: contains no key of a client"):
        check_access(address, Security(keys, empty))
    with pytest.raises(PublishError, match=r"cannot be listed \(Not a directory\)"):
        check_access(address, Security(keys, folder / "phone.pub"))
