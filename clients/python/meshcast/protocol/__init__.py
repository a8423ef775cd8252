"""The wire protocol: layout, packets, encoding and decoding."""
