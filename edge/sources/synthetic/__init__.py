"""The source `synthetic:`, which renders walking people."""
