"""Addresses that HTTP sources may connect to; names are resolved by the tests."""

from __future__ import annotations

import pytest

from edge.sources.address_policy import AddressPolicy, AddressRefused, Server, UnknownHost, is_public

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
        ),
        *(
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "::",
            "::1",
            "fe80::1",
            "fe80::1%eth0",
        ),
        *("fd00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "not an address", ""),
    ],
)
def test_is_public_private_or_special_address_is_false(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_is_public_global_address_is_true(address: str) -> None:
    assert is_public(address)


class Names:
    """A resolver of the given names."""

    def __init__(self, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): addresses for name, addresses in names.items()}

    def __call__(self, host: str, port: int) -> list[str]:
        return self.names.get(host.lower(), [])


def policy(names: Names, host: str = "video.example", port: int = 80, **options: bool) -> AddressPolicy:
    return AddressPolicy(Server(host, port), resolve=names, **options)


def test_addresses_other_public_server_is_allowed() -> None:
    names = Names(video_example=[PUBLIC], cdn_example=["8.8.8.8", "2606:4700::1111"])
    held = policy(names)
    assert held.addresses(Server("video.example", 80)) == [PUBLIC]
    assert held.addresses(Server("cdn.example", 8080)) == ["8.8.8.8", "2606:4700::1111"]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:192.168.0.1"])
def test_addresses_other_private_server_is_refused(address: str) -> None:
    names = Names(video_example=[PUBLIC], inner_example=[PUBLIC, address])
    held = policy(names)
    held.addresses(Server("video.example", 80))
    with pytest.raises(AddressRefused, match=r"inner.example:80.*--allow-private-redirects"):
        held.addresses(Server("inner.example", 80))
    assert policy(names, allow_private=True).addresses(Server("inner.example", 80)) == [PUBLIC, address]


def test_addresses_named_private_server_is_allowed_on_its_port_only() -> None:
    held = policy(Names(camera=["192.168.1.5"]), "Camera", 80, upgrade=True)
    assert held.addresses(Server("camera", 80)) == ["192.168.1.5"]
    assert held.addresses(Server("CAMERA", 443)) == ["192.168.1.5"]
    with pytest.raises(AddressRefused):
        held.addresses(Server("camera", 22))


def test_addresses_name_that_changes_to_private_is_refused() -> None:
    names = Names(video_example=[PUBLIC])
    held = policy(names)
    held.addresses(Server("video.example", 80))
    names.names["video.example"] = ["127.0.0.1"]
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        held.addresses(Server("video.example", 80))


def test_addresses_unknown_host_raises() -> None:
    with pytest.raises(UnknownHost):
        policy(Names()).addresses(Server("video.example", 80))
