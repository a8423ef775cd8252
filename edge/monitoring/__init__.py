"""Speed and latency of a run: traces, metrics, health checks and progress."""
