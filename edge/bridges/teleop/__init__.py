"""People for humanoid teleoperation over ZeroMQ."""
