"""The losses of the published networks, as functions of predictions and annotations."""
