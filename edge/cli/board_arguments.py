"""Options and argument types of calibration boards and rigs."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.boards import Board


@dataclass(frozen=True, slots=True)
class BoardSize:
    """Argument type: COLUMNSxROWS, two whole numbers."""

    def __call__(self, text: str) -> tuple[int, int]:
        """Parse the argument. Raises ArgumentTypeError."""
        columns, _, rows = text.lower().partition("x")
        if not (columns.isascii() and columns.isdigit() and rows.isascii() and rows.isdigit() and len(text) < 10):
            raise argparse.ArgumentTypeError(f"{text!r} is not COLUMNSxROWS, for example 4x7")
        return int(columns), int(rows)


@dataclass(frozen=True, slots=True)
class Length:
    """Argument type: a length with its unit, mm, cm or m, in meters."""

    def __call__(self, text: str) -> float:
        """Parse the argument. Raises ArgumentTypeError."""
        for unit, meters in (("mm", 1e-3), ("cm", 1e-2), ("m", 1.0)):
            if text.endswith(unit):
                try:
                    length = float(text.removesuffix(unit)) * meters
                except ValueError:
                    break
                if 0 < length < 1e3:
                    return length
                break
        raise argparse.ArgumentTypeError(f"{text!r} is not a length with its unit, for example 60mm, 5.4cm or 0.06m")


@dataclass(frozen=True, slots=True)
class NamedSeconds:
    """Argument type: NAME=SECONDS."""

    def __call__(self, text: str) -> tuple[str, float]:
        """Parse the argument. Raises ArgumentTypeError."""
        name, equal, number = text.rpartition("=")
        try:
            seconds = float(number)
        except ValueError:
            seconds = math.nan
        if not (name and equal and math.isfinite(seconds)):
            raise argparse.ArgumentTypeError(f"{text!r} is not NAME=SECONDS, for example left=0.25")
        return name, seconds


@dataclass(frozen=True, slots=True)
class FloorFrame:
    """Argument type: first, last, camera, feet, auto, or the number of a frame."""

    def __call__(self, text: str) -> str | int:
        """Parse the argument. Raises ArgumentTypeError."""
        if text in ("auto", "first", "last", "camera", "feet"):
            return text
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not first, last, camera, feet or the number of a frame")


def add_board_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add the options that describe a board.

    Args:
        parser: of the command.
        required: whether a board has to be given.
    """
    board = parser.add_mutually_exclusive_group(required=required)
    board.add_argument("--chessboard", type=BoardSize(), metavar="COLSxROWS", help="chessboard, in inner corners")
    board.add_argument("--charuco", type=BoardSize(), metavar="COLSxROWS", help="ChArUco board, in squares")
    parser.add_argument(
        "--square", type=Length(), required=required, metavar="LENGTH", help="side of a square, e.g. 60mm"
    )
    parser.add_argument("--marker", type=Length(), metavar="LENGTH", help="side of a marker of a ChArUco board")
    parser.add_argument(
        "--dictionary",
        default="DICT_4X4_1000",
        metavar="NAME",
        help="markers of a ChArUco board (default: %(default)s)",
    )
    parser.add_argument(
        "--fisheye", action="store_true", help="use OpenCV's fisheye model, for lenses above 120 degrees"
    )


def check_size(name: str, image: NDArray[Any], size: tuple[int, int]) -> None:
    """Check that an image is as large as those before it. Raises CalibrationError."""
    from calibration.intrinsics import CalibrationError

    height, width = image.shape[:2]
    if size != (width, height):
        raise CalibrationError(
            f"{name}: {width} x {height} pixels, but the images before have {size[0]} x {size[1]}; "
            "use images of one camera at one resolution"
        )


def board_of(args: argparse.Namespace) -> Board:
    """The board that the options describe. Raises UsageError."""
    from calibration.boards import CharucoBoard, Chessboard

    if not (args.chessboard or args.charuco):
        raise UsageError("the board is missing; give --chessboard or --charuco, and --square")
    if args.square is None:
        raise UsageError("--square, the side of a square of the board, is missing")
    if args.chessboard:
        if args.marker is not None:
            raise UsageError("--marker is for --charuco boards")
        columns, rows = args.chessboard
        return Chessboard(columns, rows, args.square)
    if args.marker is None:
        raise UsageError("--charuco needs --marker, the side of a marker")
    columns, rows = args.charuco
    return CharucoBoard(columns, rows, args.square, args.marker, args.dictionary)
