"""Which network addresses a source from the web may lead to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass

Resolve = Callable[[str, int], list[str]]

_EMBEDDING = (  # IPv6 networks whose last 32 bits are an IPv4 address: IPv4-compatible and NAT64 (RFC 6052, RFC 8215)
    ipaddress.IPv6Network("::/96"),
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
)


class AddressRefused(Exception):
    """The address must not be connected to; the message says why and what to do."""


class UnknownHost(Exception):
    """No address is known for the host."""


@dataclass(frozen=True, slots=True)
class Server:
    """A host as a URL names it, without brackets, and a port."""

    host: str
    port: int


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet: not private, loopback, link-local, multicast or reserved.

    IPv6 addresses that carry an IPv4 address are judged by that as well.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        embedded = [parsed.ipv4_mapped, parsed.sixtofour, *(parsed.teredo or ())]
        if any(parsed in network for network in _EMBEDDING):
            embedded.append(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(str(inner)) for inner in embedded):
            return False
        if parsed.ipv4_mapped is not None or parsed in _EMBEDDING[1]:
            return True  # reaches the public IPv4 address in it
        if parsed.is_site_local:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def resolve(host: str, port: int) -> list[str]:
    """The numeric addresses of a host for TCP. Raises UnknownHost."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnknownHost(f"{host}: no address is known for this host") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressPolicy:
    """Where a source may lead, by redirects and playlists, from the server that the user named.

    That server itself may be anywhere; so may its https port, where the user wrote http. Every other server must have
    public addresses only, unless allow_private. A server that the user named and that was public at first must stay so:
    a name that changes to a private address is refused.
    """

    def __init__(
        self, named: Server, *, upgrade: bool = False, allow_private: bool = False, resolve: Resolve = resolve
    ) -> None:
        """upgrade: whether the named server's port 443 counts as the named server too."""
        self._named = {Server(named.host.lower(), port) for port in (named.port, *([443] if upgrade else []))}
        self._allow_private = allow_private
        self._resolve = resolve
        self._named_is_public: bool | None = None

    def is_named(self, server: Server) -> bool:
        """Whether this is the server that the user named."""
        return Server(server.host.lower(), server.port) in self._named

    def addresses(self, server: Server) -> list[str]:
        """The addresses to connect to. Raises AddressRefused or UnknownHost."""
        found = self._resolve(server.host, server.port)
        if not found:
            raise UnknownHost(f"{server.host}: no address is known for this host")
        if self._allow_private:
            return found
        public = all(is_public(address) for address in found)
        if self.is_named(server):
            if self._named_is_public is None:
                self._named_is_public = public
            if public or not self._named_is_public:
                return found
            raise AddressRefused(
                f"the name now leads to {found[0]}, which is not public; --allow-private-redirects permits it"
            )
        if not public:
            raise AddressRefused(
                f"it leads to {server.host}:{server.port}, which is not a public address; "
                "--allow-private-redirects permits it"
            )
        return found
