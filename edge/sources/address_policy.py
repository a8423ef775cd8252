"""Policy for the network addresses that redirects and playlists of a web source may point to."""

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
    """The policy forbids the address; the message gives the reason and the remedy."""


class UnknownHost(Exception):
    """The host name cannot be resolved."""


@dataclass(frozen=True, slots=True)
class Server:
    """Host name or address without brackets, and port."""

    host: str
    port: int


def is_public(address: str) -> bool:
    """Whether an IP address is globally reachable: not private, loopback, link-local, multicast or reserved.

    IPv6 addresses that embed an IPv4 address are public only if that one is.
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
            return True  # routed to the embedded public IPv4 address
        if parsed.is_site_local:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def resolve(host: str, port: int) -> list[str]:
    """Resolve a host to its numeric TCP addresses. Raises UnknownHost."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnknownHost(f"{host}: cannot resolve the host name") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressPolicy:
    """Decides which servers redirects and playlists of a source may point to.

    The server in the user's URL may have any address, and so may its https port if the URL is http. Every other server
    must have public addresses only, unless `allow_private`. If the named server was public at first it must stay
    public: a name that starts to resolve to a private address is refused (DNS rebinding).
    """

    def __init__(
        self, named: Server, *, upgrade: bool = False, allow_private: bool = False, resolve: Resolve = resolve
    ) -> None:
        """upgrade: whether port 443 of the named server counts as the named server too."""
        self._named = {Server(named.host.lower(), port) for port in (named.port, *([443] if upgrade else []))}
        self._allow_private = allow_private
        self._resolve = resolve
        self._named_is_public: bool | None = None

    def is_named(self, server: Server) -> bool:
        """Whether this is the server in the user's URL."""
        return Server(server.host.lower(), server.port) in self._named

    def addresses(self, server: Server) -> list[str]:
        """Return the addresses to connect to. Raises AddressRefused or UnknownHost."""
        found = self._resolve(server.host, server.port)
        if not found:
            raise UnknownHost(f"{server.host}: cannot resolve the host name")
        if self._allow_private:
            return found
        public = all(is_public(address) for address in found)
        if self.is_named(server):
            if self._named_is_public is None:
                self._named_is_public = public
            if public or not self._named_is_public:
                return found
            raise AddressRefused(
                f"the host name now resolves to {found[0]}, which is not public; "
                "allow it with --allow-private-redirects"
            )
        if not public:
            raise AddressRefused(
                f"points to {server.host}:{server.port}, which is not a public address; "
                "allow it with --allow-private-redirects"
            )
        return found
