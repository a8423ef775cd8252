"""ZeroMQ sockets, addresses, keys and link statistics."""
