"""Bridges that send skeleton poses over UDP: VMC, Live Link and OpenXR."""
