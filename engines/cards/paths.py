"""Checks that the files that a model card or an ONNX model names are in its folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from engines.files.toml_file import one_line

UPSAMPLING = ".upsampling.npz"  # beside a card of the family pose2mesh_open, under the card's name


def inside(folder: Path, name: str, entry: str, *, follow: bool = True) -> Path:
    """The path of a file that is named relative to a folder.

    Args:
        folder: The folder of the card or model.
        name: The name as given.
        entry: The entry that names it, for the message ("variants.fp32.file").
        follow: Whether symbolic links are followed, so that one that leads elsewhere is refused. False for bundled
            files, because installers may use links.

    Raises:
        ValueError: The name is empty, absolute, has "..", or leads out of the folder.
    """
    shown = repr(one_line(name, 80))
    pure = PurePosixPath(name)
    if not name or "\x00" in name or not pure.parts:
        raise ValueError(f"{entry} {shown} is not a file name")
    if pure.is_absolute() or ".." in pure.parts:
        raise ValueError(f"{entry} {shown} leads out of the folder {folder}; put the file there and use its name alone")
    path = folder / pure
    if not follow:
        return path
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise ValueError(f"{entry} {shown} cannot be found ({one_line(str(error))})") from None
    if not real.is_relative_to(folder.resolve()):
        raise ValueError(f"{entry} {shown} is a link that leads out of the folder {folder}; put the file itself there")
    return path
