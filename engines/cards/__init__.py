"""Model cards: what a model is, its input, its files and their accuracy."""
