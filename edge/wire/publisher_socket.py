"""Non-blocking XPUB socket with subscription tracking."""

from __future__ import annotations

import select
from collections.abc import Iterator

import zmq

from edge.wire.connections import Connections
from edge.wire.curve_auth import HANDSHAKE_BYTES, CurveAuthenticator, Security, check_access
from edge.wire.ipc_path import check_socket_file
from edge.wire.peers import Limits
from edge.wire.subscriptions import Subscriptions
from meshcast.transport.address import address_error, check_address, context_for
from meshcast.transport.sockets import probe

HIGH_WATER_MARK = 8  # messages queued for a slow subscriber; later ones are dropped for it
SEND_BUFFER_BYTES = 256 << 10  # a larger buffer would only increase the latency of a slow subscriber
STUCK_MS = 4000  # a subscriber that receives nothing for longer is disconnected, which frees its queue
LINGER_MS = 500  # longest wait of close() for messages in flight
MAX_REQUEST_BYTES = 128  # subscribers send topics only; longer messages end their connection
MAX_REQUESTS = 100  # read at a time, so that a flood of subscriptions cannot hold up the frames
RECEIVE_BUFFER_BYTES = 2 << 10  # libzmq reads the data of a peer before this process can count it
# Of one subscriber. libzmq reads all waiting requests in one loop, which a flood would never let end; with keys it
# reserves one of them.
MAX_WAITING_REQUESTS = 2


class PublisherSocket:
    """An XPUB socket bound to `address`, for one thread at a time.

    `address` becomes the bound one, with the port that the system chose for port 0. security: access control; without
    it only this machine can connect. limits: resource limits of peers over tcp:// and ipc://; connections within the
    process are trusted. Raises AddressError when the address cannot be bound, PublishError when `check_access` refuses
    it.
    """

    def __init__(
        self,
        address: str,
        *,
        high_water_mark: int = HIGH_WATER_MARK,
        security: Security | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.more = False  # whether requests are still unread
        self._subscriptions = Subscriptions()
        security = security or Security()
        check_address(address)
        check_access(address, security)
        check_socket_file(address)
        self._context, self._own_context = context_for(address)
        self._authenticator: CurveAuthenticator | None = None
        self._connections: Connections | None = None
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.set(zmq.XPUB_VERBOSE, 1)  # report every subscription, not only the first to a topic
        self._socket.set(zmq.SNDHWM, high_water_mark)
        self._socket.set(zmq.RCVHWM, MAX_WAITING_REQUESTS)
        self._socket.set(zmq.SNDBUF, SEND_BUFFER_BYTES)
        self._socket.set(zmq.RCVBUF, RECEIVE_BUFFER_BYTES)
        self._socket.set(zmq.TCP_MAXRT, STUCK_MS)
        self._socket.set(zmq.MAXMSGSIZE, MAX_REQUEST_BYTES)
        self._socket.set(zmq.LINGER, LINGER_MS)
        probe(self._socket)
        self._socket.set(zmq.IPV6, int("[" in address))
        # Within the process there is nothing to encrypt.
        if security.keys is not None and security.allowed is not None and self._own_context:
            self._authenticator = CurveAuthenticator(self._context, security.keys, security.allowed)
            self._authenticator.secure_server(self._socket)
            self._socket.set(zmq.MAXMSGSIZE, HANDSHAKE_BYTES)
        if self._own_context:
            self._connections = Connections(
                self._socket, limits, self._authenticator.known if self._authenticator else None
            )
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise address_error(address, error) from None
        self.address = self._socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def fileno(self) -> int:
        """For poll(): readable when `subscriptions` may have new requests.

        It signals changes only: read `subscriptions` before you wait, until `more` is False.
        """
        return int(self._socket.get(zmq.FD))

    def wait(self, timeout_s: float) -> None:
        """Wait until `subscriptions` may have new requests, or for `timeout_s`."""
        if not self.more:
            polled = select.poll()  # select() takes no descriptors from 1024 on
            polled.register(self, select.POLLIN)
            polled.poll(timeout_s * 1000)

    def subscriptions(self) -> Iterator[bytes]:
        """The prefixes subscribed to since the last call; `more` tells whether requests are still unread."""
        self.more = True
        for _ in range(MAX_REQUESTS):
            try:
                frame = self._socket.recv(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                self.more = False
                return
            if self._connections is not None:
                self._connections.request(frame)
            prefix = self._subscriptions.update(frame.bytes)
            if prefix is not None:
                yield prefix

    def wants(self, topic: bytes) -> bool:
        """Whether a message of this topic has a subscriber, according to the requests read so far."""
        return self._subscriptions.wants(topic)

    @property
    def changes(self) -> int:
        """Number of changes of what `wants` answers, by the requests read so far."""
        return self._subscriptions.changes

    def send(self, message: bytes | zmq.Frame) -> None:
        """Send a message to its subscribers, a received one without copying it. Never blocks."""
        self._socket.send(message, zmq.DONTWAIT, copy=not isinstance(message, zmq.Frame))

    @property
    def subscribers(self) -> int:
        """Number of peers over tcp:// or ipc:// with a subscription."""
        return 0 if self._connections is None else self._connections.subscribers

    @property
    def refused(self) -> int:
        """Number of connections that were disconnected for exceeding a limit, or failed the handshake."""
        return 0 if self._connections is None else self._connections.refused

    @property
    def closed(self) -> bool:
        return bool(self._socket.closed)

    def close(self) -> None:
        """Unbind, after waiting up to half a second for messages in flight. Idempotent."""
        self._socket.close()
        if self._connections is not None:
            self._connections.close()
        if self._authenticator is not None:
            self._authenticator.close()
        if self._own_context:
            self._context.term()
