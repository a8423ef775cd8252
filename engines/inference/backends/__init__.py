"""One module an engine; each offers what engines.inference.session.Backend asks for."""
