"""Classifies the exceptions of inference engines by their text: engines have no exception types for single faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engines.errors import DeviceLostError, ModelError, OutOfMemoryError

_OUT_OF_MEMORY = (
    "out of memory",
    "out_of_memory",
    "bad_alloc",
    "bad allocation",
    "failed to allocate",
    "cannot allocate",
    "can't allocate",
    "unable to allocate",
    "not enough memory",
)
# CUDA's sticky errors: every later call of the process fails with the same one.
_DEVICE_LOST = (
    "illegal memory access",
    "illegal_address",
    "illegal instruction",
    "illegal_instruction",
    "misaligned address",
    "misaligned_address",
    "unspecified launch failure",
    "launch_failed",
    "launch timed out",
    "launch_timeout",
    "device-side assert",
    "cuda_error_assert",
    "uncorrectable ecc",
    "ecc_uncorrectable",
    "hardware stack error",
    "hardware_stack_error",
    "device lost",
    "device_lost",
    "device has been removed",
    "fell off the bus",
    "device_unavailable",
    "busy or unavailable",
    "no cuda-capable device",
    "error_no_device",
    "context is destroyed",
    "context_is_destroyed",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an engine's exception reports that memory ran out."""
    return isinstance(error, MemoryError | OutOfMemoryError) or _mentions(error, _OUT_OF_MEMORY)


def is_device_lost(error: BaseException) -> bool:
    """Whether an engine's exception reports that its device can no longer be used."""
    return isinstance(error, DeviceLostError) or _mentions(error, _DEVICE_LOST)


def classify_error(error: BaseException, source: str, doing: str, where: str, detail: str = "") -> ModelError:
    """The error to raise for an engine's exception: one line with the model, what failed and on which device.

    source: the model's file or name; doing: "load it" or "run it for 4 x 3 x 256 x 256"; where: "torch on cuda:0";
    detail: the line of the exception to quote, by default the first. The result is an OutOfMemoryError, a
    DeviceLostError or else a ModelError.
    """
    detail = detail or first_line(error)
    if is_out_of_memory(error):
        return OutOfMemoryError(
            f"{source}: {where} has not enough memory to {doing}; close other programs, or choose a smaller model "
            "or a lower precision"
        )
    if is_device_lost(error):
        return DeviceLostError(f"{source}: {where} was lost ({detail}); restart when the device is available again")
    return ModelError(f"{source}: {where} cannot {doing} ({detail})")


def first_line(error: BaseException) -> str:
    """One line of an exception's text: the first one, or its type where it has no text."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def shapes_text(shapes: Iterable[Sequence[int]]) -> str:
    """Shapes for a message: "4 x 3 x 256 x 256 and 4 x 2"."""
    return " and ".join(" x ".join(map(str, shape)) for shape in shapes)


def _mentions(error: BaseException, words: tuple[str, ...]) -> bool:
    text = f"{type(error).__name__} {error}".lower()
    return any(word in text for word in words)
