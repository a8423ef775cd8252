"""The version of Meshcast: the packages, the build and the documents take it from here."""

__version__ = "0.1.0"
