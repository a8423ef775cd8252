from typing import Any, Protocol

class DLPackArray(Protocol):
    """An array of NumPy, PyTorch, CuPy or any other library that speaks DLPack."""

    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

CUDA: bool

def threads() -> int: ...
def set_threads(count: int) -> None: ...
def cuda_device_count() -> int: ...
def ell_matmul(
    indices: DLPackArray, values: DLPackArray, x: DLPackArray, out: DLPackArray, stream: int = 0
) -> None: ...
def rasterize(
    faces: DLPackArray,
    points: DLPackArray,
    colors: DLPackArray,
    image: DLPackArray,
    depth: DLPackArray,
    alpha: float = 1.0,
    cull: bool = True,
) -> None: ...
