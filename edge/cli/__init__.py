"""The command line: one module per command, with shared options in `options`."""
