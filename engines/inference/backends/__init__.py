"""One module for each engine; each implements engines.inference.session.Backend."""
