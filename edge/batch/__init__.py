"""Archives: many recorded videos, processed by several workers, with a manifest and resumption."""
