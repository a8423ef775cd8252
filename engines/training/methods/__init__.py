"""The published methods as trainers: network, losses and predictions of each."""
