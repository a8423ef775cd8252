"""Turns the CUDA sources of a folder into C++ for the emulation: python translate.py KERNELS OUT

Launches become calls, and shared memory whose size the launch gives becomes a pointer; everything else is done by
headers of CUDA's names beside this file.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LAUNCH = re.compile(r"([\w:]+(?:<[^<>;]*>)?)\s*<<<(.+?)>>>\s*\((.*?)\);", re.DOTALL)
SHARED = re.compile(r"extern __shared__ (?:__align__\(\d+\) )?(\w+) (\w+)\[\];")


def launch(match: re.Match[str]) -> str:
    """kernel<<<grid, block, bytes, stream>>>(arguments);"""
    kernel, configuration, arguments = match.groups()
    grid, block, size, _ = split(configuration)
    return f"emulated::launch(dim3({grid}), dim3({block}), {size}, [=] {{ {kernel}({arguments}); }});"


def split(text: str) -> list[str]:
    """At the commas outside of parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def translated(source: str) -> str:
    source = SHARED.sub(r"\1* \2 = reinterpret_cast<\1*>(emulated::dynamic_shared());", source)
    return LAUNCH.sub(launch, source)


def main(kernels: Path, out: Path) -> None:
    for file in sorted([*kernels.glob("*/*.cu"), *kernels.glob("*/*.cuh")]):
        name = file.relative_to(kernels)
        target = out / (name.with_suffix(".cpp") if file.suffix == ".cu" else name)
        text = translated(file.read_text())
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
