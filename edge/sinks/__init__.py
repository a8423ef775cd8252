"""Output files of a run."""
