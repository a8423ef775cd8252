"""A device without a GPU that behaves as badly as CUDA allows: it runs work late and in any order that the events leave
open, and reports what they leave open but should not."""
