"""One module an engine; each offers what engines.session.Backend asks for."""
