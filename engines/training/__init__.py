"""Training of the project's own networks on synthetic data."""
