"""Import of published checkpoints and body models."""
