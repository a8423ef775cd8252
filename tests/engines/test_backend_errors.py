"""Classification of engine errors: memory, lost devices and others."""

from __future__ import annotations

import pytest

from engines.backend_errors import classify_error, shapes_text
from engines.errors import DeviceLostError, ModelError, OutOfMemoryError

CUDA = "CUDA error: {}\nCUDA kernel errors might be asynchronously reported\nFor debugging consider passing X=1"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), OutOfMemoryError),
        (MemoryError("std::bad_alloc"), OutOfMemoryError),
        (RuntimeError("Exception from src/inference.cpp:85:\nstd::bad_alloc\n"), OutOfMemoryError),
        (RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."), OutOfMemoryError),
        (
            RuntimeError("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer of size 9"),
            OutOfMemoryError,
        ),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), OutOfMemoryError),
        (RuntimeError("cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY"), OutOfMemoryError),
        (RuntimeError(CUDA.format("an illegal memory access was encountered")), DeviceLostError),
        (RuntimeError(CUDA.format("device-side assert triggered")), DeviceLostError),
        (RuntimeError(CUDA.format("unspecified launch failure")), DeviceLostError),
        (RuntimeError("cuStreamSynchronize: CUDA_ERROR_LAUNCH_FAILED"), DeviceLostError),
        (RuntimeError("cuMemcpyAsync: CUDA_ERROR_ILLEGAL_ADDRESS"), DeviceLostError),
        (RuntimeError("the device has been removed (GPU fell off the bus)"), DeviceLostError),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ModelError),
        (RuntimeError(""), ModelError),
    ],
)
def test_classify_error_returns_the_kind_of_error(error: Exception, kind: type[ModelError]) -> None:
    made = classify_error(error, "net.onnx", "run it for 4 x 3", "torch on cuda:0")
    assert type(made) is kind
    assert "\n" not in str(made)
    assert str(made).startswith("net.onnx: torch on cuda:0 ")


@pytest.mark.parametrize(
    ("error", "action", "backend", "chosen", "message"),
    [
        (
            RuntimeError("no kernel\nat all"),
            f"run it for {shapes_text([(4, 3, 8), (4, 2)])}",
            "torch on cpu",
            (),
            "net.onnx: torch on cpu cannot run it for 4 x 3 x 8 and 4 x 2 (no kernel)",
        ),
        (RuntimeError("first\nlast"), "load it", "OpenVINO", ("last",), "net.onnx: OpenVINO cannot load it (last)"),
        (ValueError(), "load it", "OpenVINO", (), "net.onnx: OpenVINO cannot load it (ValueError)"),
    ],
    ids=["first line", "given reason", "no message"],
)
def test_classify_error_message_names_action_and_reason(
    error: Exception, action: str, backend: str, chosen: tuple[str, ...], message: str
) -> None:
    assert str(classify_error(error, "net.onnx", action, backend, *chosen)) == message
