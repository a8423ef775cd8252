"""Types of a model card. engines.cards.reader reads them from TOML, engines.cards.card finds them by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engines.cards.accuracy_gate import Gate

TASKS = ("detector", "pose", "mesh", "body")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")
REFINEMENTS = ("none", "quarter", "dark")
FITS = ("corner", "center", "stretch")


@dataclass(frozen=True, slots=True)
class Variant:
    """One weights file, ONNX or safetensors: precision "fp32" or "int8", absolute path, SHA-256 in lower-case
    hexadecimal ("" where the card's author gave none: then it is not checked). gate: the accuracy gate of an INT8 file,
    None where the card has none. data: the data files beside an ONNX file that hold its weights, by name, each with its
    SHA-256."""

    precision: str
    file: Path
    sha256: str
    gate: Gate | None = None
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """The input of a model: tensor name and shape (a letter is a free axis).

    For images also: size px of the longer side that it was trained at, color order "bgr" or "rgb", mean and std per
    channel in that order, on values 0..255, and the value that fills what lies outside the image. Without images
    color is "" and size 0.
    """

    name: str
    shape: tuple[int | str, ...]
    size: int
    color: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    pad: int


@dataclass(frozen=True, slots=True)
class Decode:
    """How the outputs are decoded; each family (edge/stages, engines/heads) uses some of the fields.

    Pose: margin, the side of the crop over that of the box; refine, how heatmap peaks are refined ("none", "quarter",
    "dark"); half_cell, whether the peak of a heatmap lies in the center of its cell instead of the corner;
    bins_per_px of SimCC. Detectors: fit of the image into the input, at the "corner" or in the "center" of a
    padded square or "stretch"; person, the index of that class; score, below which a box is not used.
    """

    margin: float = 1.25
    refine: str = "quarter"
    half_cell: bool = False
    bins_per_px: float = 2.0
    fit: str = "corner"
    person: int = 0
    score: float = 0.3


@dataclass(frozen=True, slots=True)
class Card:
    """A model: task "detector", "pose", "mesh" or "body"; family names its decoder; auto lists precisions, best first.

    network names the torch module (engines.build) that a safetensors file belongs to, "" for ONNX files. aliases are
    shorter names. outputs are those of the network that the
    head reads. body is a body file beside the card or, for a head that can drive any body, "". mean is the file with
    the mean parameters that a head's output is relative to, "" for none. imported_sha256 is that of the checkpoint that
    the weights were converted from. Without variants the model is untrained.
    """

    name: str
    task: str
    family: str
    title: str
    license: str
    license_files: tuple[Path, ...]
    source: str
    notes: str
    body: str
    keypoints: tuple[str, ...]
    auto: tuple[str, ...]
    input: Input
    variants: tuple[Variant, ...]
    path: Path
    network: str = ""
    aliases: tuple[str, ...] = ()
    mean: str = ""
    outputs: tuple[str, ...] = ()
    imported_sha256: str = ""
    decode: Decode = Decode()

    @property
    def untrained(self) -> bool:
        """Whether there are no weights, so that the network runs with random ones."""
        return not self.variants

    def variant(self, precision: str) -> Variant | None:
        """The weights file for this precision, or None."""
        return next((v for v in self.variants if v.precision == precision), None)
