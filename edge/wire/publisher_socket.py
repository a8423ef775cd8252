"""Where messages leave: a bound socket that never waits for anybody, and knows who listens to what."""

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

HIGH_WATER_MARK = 8  # messages kept for a subscriber that does not keep up; later ones are dropped for it
SEND_BUFFER_BYTES = 256 << 10  # more would only make a slow subscriber's pictures older
STUCK_MS = 4000  # a subscriber that takes nothing for so long is cut off, which frees what was kept for it
LINGER_MS = 500  # how long close() waits for what is on its way
MAX_REQUEST_BYTES = 128  # subscribers send topics only; longer messages end their connection
MAX_REQUESTS = 100  # read at a time, so that a flood of subscriptions cannot hold up the frames
RECEIVE_BUFFER_BYTES = 2 << 10  # what a peer sends is taken by libzmq before it is seen here
# Of one subscriber. libzmq reads what waits in one go, which a flood would never let end; with keys it keeps one of
# these places for itself.
MAX_WAITING_REQUESTS = 2


class PublisherSocket:
    """An XPUB socket bound to `address`, for one thread at a time.

    `address` becomes the real one, with the port that was found when 0 was asked for. security: who may watch; without
    it only this machine. limits: of what peers may take, over tcp:// and ipc://; what connects within the process is
    trusted. Raises AddressError when the address cannot be bound, or must not be (see guard.check).
    """

    def __init__(
        self,
        address: str,
        *,
        high_water_mark: int = HIGH_WATER_MARK,
        security: Security | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.more = False  # subscriptions that wait
        self._audience = Subscriptions()
        security = security or Security()
        check_address(address)
        check_access(address, security)
        check_socket_file(address)
        self._context, self._own_context = context_for(address)
        self._guard: CurveAuthenticator | None = None
        self._connections: Connections | None = None
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.set(zmq.XPUB_VERBOSE, 1)  # every subscription is seen, not only the first to a topic
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
            self._guard = CurveAuthenticator(self._context, security.keys, security.allowed)
            self._guard.secure_server(self._socket)
            self._socket.set(zmq.MAXMSGSIZE, HANDSHAKE_BYTES)
        if self._own_context:
            self._connections = Connections(self._socket, limits, self._guard.known if self._guard else None)
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise address_error(address, error) from None
        self.address = self._socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def fileno(self) -> int:
        """For poll(): readable when `subscriptions` may have something new. Read those before waiting for it, and until
        there are no `more`, because it tells of changes only."""
        return int(self._socket.get(zmq.FD))

    def wait(self, timeout_s: float) -> None:
        """Wait until `subscriptions` may have something new, or for `timeout_s`."""
        if not self.more:
            polled = select.poll()  # select() takes no descriptors from 1024 on
            polled.register(self, select.POLLIN)
            polled.poll(timeout_s * 1000)

    def subscriptions(self) -> Iterator[bytes]:
        """The starts of topics that somebody has subscribed to since the last call; `more` says if there are more."""
        self.more = True
        for _ in range(MAX_REQUESTS):
            try:
                frame = self._socket.recv(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                self.more = False
                return
            if self._connections is not None:
                self._connections.request(frame)
            prefix = self._audience.update(frame.bytes)
            if prefix is not None:
                yield prefix

    def wants(self, topic: bytes) -> bool:
        """Whether somebody would receive a message of this topic, as far as `subscriptions` were read."""
        return self._audience.wants(topic)

    def send(self, message: bytes) -> None:
        """Send to whoever subscribed to it. Never waits."""
        self._socket.send(message, zmq.DONTWAIT)

    @property
    def subscribers(self) -> int:
        """How many peers are connected over tcp:// or ipc:// and have subscribed to something."""
        return 0 if self._connections is None else self._connections.subscribers

    @property
    def refused(self) -> int:
        """How many connections were cut off, or have failed to shake hands."""
        return 0 if self._connections is None else self._connections.refused

    @property
    def closed(self) -> bool:
        return bool(self._socket.closed)

    def close(self) -> None:
        """Unbind; waits up to half a second until what was sent has left. May be called twice."""
        self._socket.close()
        if self._connections is not None:
            self._connections.close()
        if self._guard is not None:
            self._guard.close()
        if self._own_context:
            self._context.term()
