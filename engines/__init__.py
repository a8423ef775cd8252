"""Networks, model cards and weights, and the backends that run them."""
