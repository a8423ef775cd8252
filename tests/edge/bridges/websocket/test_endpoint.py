"""Addresses that the bridge may listen on."""

from __future__ import annotations

import ssl

import pytest

from edge.bridges.websocket.endpoint import Endpoint, is_loopback
from edge.errors import PublishError


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8765", Endpoint("127.0.0.1", 8765)),
        ("localhost:0", Endpoint("localhost", 0)),
        ("[::1]:80", Endpoint("::1", 80)),
    ],
)
def test_endpoint_loopback_address_is_accepted(text: str, listen: Endpoint) -> None:
    assert Endpoint.parse(text) == listen


@pytest.mark.parametrize("text", ["*:8765", "0.0.0.0:8765", "192.168.1.2:80", "[::]:80", "station:80"])
def test_endpoint_public_address_needs_token_and_tls_or_insecure(text: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for tls in (None, context):
        with pytest.raises(PublishError, match="add --token-file FILE, or --insecure"):
            Endpoint.parse(text, tls=tls)
    with pytest.raises(PublishError, match="add --tls CERT KEY, or --insecure"):
        Endpoint.parse(text, token=True)
    assert Endpoint.parse(text, insecure=True).tls is None
    assert Endpoint.parse(text, tls=context, token=True).tls is context


@pytest.mark.parametrize("text", ["8765", "127.0.0.1", "127.0.0.1:", ":80", "::1:80", "127.0.0.1:99999", "a:-1", ""])
def test_endpoint_invalid_address_raises(text: str) -> None:
    with pytest.raises(PublishError, match="invalid listen address; use HOST:PORT"):
        Endpoint.parse(text, insecure=True)


def test_is_loopback_is_true_for_loopback_hosts_only() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "Localhost")] == [True] * 5
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "", "10.0.0.1", "localhost.evil.org"))
