"""Model cards: what a model is, where it comes from, which files hold it. TOML beside the weights, checked on load.

Cards lie in three places: the zoo holds what ships with weights, its folder `networks` what is known without weights,
and the user's data folder what was imported. A name means the imported card, where there is one.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

from engines.errors import ModelError, UnknownNameError
from engines.gate import Gate, read_gate
from engines.toml_table import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ZOO = Path(__file__).parent / "zoo"
NETWORKS = ZOO / "networks"
TASKS = ("detector", "pose", "mesh", "body")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")
REFINEMENTS = ("none", "quarter", "dark")
FITS = ("corner", "centre", "stretch")


def user_models() -> Path:
    """The folder of imported models; it need not exist."""
    return Path(platformdirs.user_data_path("meshcast")) / "models"


@dataclass(frozen=True, slots=True)
class Variant:
    """One weights file, ONNX or safetensors: precision "fp32" or "int8", absolute path, SHA-256 in lower-case
    hexadecimal ("" where the card's author gave none: then it is not checked). gate: how an INT8 file was judged, None
    where nobody said."""

    precision: str
    file: Path
    sha256: str
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """What the model expects: tensor name and shape (a letter is a free axis).

    For pictures also: size px of the longer side that it was trained at, colour order "bgr" or "rgb", mean and std per
    channel in that order, on values 0..255, and the value that fills what lies outside the picture. Without pictures
    colour is "" and size 0.
    """

    name: str
    shape: tuple[int | str, ...]
    size: int
    colour: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    pad: int


@dataclass(frozen=True, slots=True)
class Decode:
    """How the outputs are read; each family (edge/stages, engines/heads) uses its own part of it.

    Pose: margin, the side of the crop over that of the box; refine, how heatmap peaks are refined ("none", "quarter",
    "dark"); bins_per_px of SimCC. Detectors: fit of the picture into the input, at the "corner" or in the "centre" of a
    padded square or "stretch"; person, the index of that class; score, below which a box is not used.
    """

    margin: float = 1.25
    refine: str = "quarter"
    bins_per_px: float = 2.0
    fit: str = "corner"
    person: int = 0
    score: float = 0.3


@dataclass(frozen=True, slots=True)
class Card:
    """A model: task "detector", "pose", "mesh" or "body"; family names its decoder; auto lists precisions, best first.

    network names the torch module (engines.build) that a safetensors file belongs to, "" for ONNX files. aliases are
    shorter names. outputs are those of the network that the live
    head reads. body is a body file beside the card or, for a head that can drive any body, "". mean is the file with
    the mean parameters that a head's output is relative to, "" for none. imported_sha256 is that of the checkpoint that
    the weights were converted from. Without variants the model is untrained.
    """

    name: str
    task: str
    family: str
    title: str
    licence: str
    licence_files: tuple[Path, ...]
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


def cards(task: str | None = None) -> tuple[Card, ...]:
    """All cards by name, or only those for one task; an imported card replaces the one without weights."""
    everything = (_read(path) for _, path in sorted(_paths().items()))
    return tuple(card for card in everything if task is None or card.task == task)


def load_card(name: str | Path, task: str | None = None) -> Card:
    """The card with this name or alias, the one in this `.toml` file, or the one beside this `.onnx` file.

    Raises UnknownNameError, listing the models that exist (for the task, if given), when there is none, and ModelError
    when the card cannot be used or is for another task.
    """
    path = Path(name)
    if path.suffix == ".onnx":
        if not path.is_file():
            raise UnknownNameError(f"{path}: there is no such file")
        path = path.with_suffix(".toml")
        if not path.is_file():
            raise ModelError(f"{name}: its card {path.name} is not beside it; docs/models.md shows how to write one")
    if path.suffix == ".toml" and path.is_file():
        card: Card | None = _read(path.resolve())
    else:
        exact = _paths().get(str(name))
        card = _read(exact) if exact else next((card for card in cards() if str(name) in card.aliases), None)
    if card is None:
        raise UnknownNameError(f"unknown {task or 'model'} {str(name)!r}; there are: {_names(task)}")
    if task is not None and card.task != task:
        raise UnknownNameError(f"{card.name} is a {card.task} model, not a {task} model; there are: {_names(task)}")
    return card


def read_weights(variant: Variant) -> bytes:
    """The bytes of a weights file. Raises ModelError when it is missing, is not the one that the card describes, or did
    not pass its accuracy gate."""
    if variant.gate is not None and variant.gate.failures:
        raise ModelError(
            f"{variant.file}: did not pass its accuracy gate, {variant.gate.failures[0]}; "
            "calibrate it again (meshcast calibrate int8) or choose another precision"
        )
    try:
        data = variant.file.read_bytes()
    except OSError as error:
        raise ModelError(f"{variant.file}: cannot be read ({error.strerror}); install the model again") from None
    if variant.sha256 and hashlib.sha256(data).hexdigest() != variant.sha256:
        raise ModelError(f"{variant.file}: damaged or replaced (not the card's SHA-256); install the model again")
    return data


def _paths() -> dict[str, Path]:
    """The file of each card by name."""
    return {path.stem: path for folder in (NETWORKS, ZOO, user_models()) for path in sorted(folder.glob("*.toml"))}


def _names(task: str | None) -> str:
    """Names to choose from, those with weights first."""
    return ", ".join(card.name for card in sorted(cards(task), key=lambda card: card.untrained)) or "none"


def _read(path: Path) -> Card:
    """A card is read anew when its file changes."""
    try:
        return _read_at(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None


@cache
def _read_at(path: Path, mtime_ns: int) -> Card:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a model card ({error})") from None
    try:
        return _card(Table(raw, ""), path)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from None


def _card(table: Table, path: Path) -> Card:
    folder = path.parent
    task = table.text("task")
    entry = table.table("input", {} if task == "body" else None)
    decode, usual = table.table("decode", {}), Decode()
    files = table.table("variants", {})
    variants = []
    for precision in sorted(files.names()):  # fp32 first
        if precision not in ("fp32", "int8"):
            raise ValueError(f"variants.{precision}: a variant is fp32 or int8")
        row = files.table(precision)
        gate = read_gate(row.table("gate")) if "gate" in row.names() else None
        variants.append(Variant(precision, folder / row.text("file"), row.text("sha256", "").lower(), gate))
        row.finish()
    card = Card(
        name=table.text("name", path.stem),
        task=task,
        family=table.text("family"),
        title=table.text("title", path.stem),
        licence=table.text("licence", "unknown"),
        licence_files=tuple(folder / name for name in table.texts("licence_files")),
        source=table.text("source", ""),
        notes=table.text("notes", "").strip(),
        body=table.text("body", ""),
        keypoints=table.keypoints("keypoints"),
        auto=table.texts("auto") or ("fp32",),
        input=Input(
            name=entry.text("name", "" if task == "body" else None),
            shape=tuple(entry.items("shape", (int, str))),
            size=entry.whole("size", 0),
            colour=entry.text("colour", ""),
            mean=tuple(float(v) for v in entry.items("mean", (int, float))),
            std=tuple(float(v) for v in entry.items("std", (int, float))),
            pad=entry.whole("pad", 0),
        ),
        variants=tuple(variants),
        path=path,
        network=table.text("network", ""),
        aliases=table.texts("aliases"),
        mean=table.text("mean", ""),
        outputs=table.texts("outputs"),
        imported_sha256=table.text("imported_sha256", ""),
        decode=Decode(
            margin=decode.number("margin", usual.margin),
            refine=decode.text("refine", usual.refine),
            bins_per_px=decode.number("bins_per_px", usual.bins_per_px),
            fit=decode.text("fit", usual.fit),
            person=decode.whole("person", usual.person),
            score=decode.number("score", usual.score),
        ),
    )
    for part in (entry, decode, files, table):
        part.finish()
    _check(card)
    return card


def _check(card: Card) -> None:
    picture, decode = card.input, card.decode
    checks = (
        (card.name == card.path.stem, f"name {card.name!r} differs from the file's"),
        (card.task in TASKS, f"task {card.task!r} is not one of {', '.join(TASKS)}"),
        (bool(card.variants or card.network), "no variants, and no network that could run untrained"),
        (all(p in PRECISIONS for p in card.auto), f"auto holds a precision that is not one of {', '.join(PRECISIONS)}"),
        (all(len(v.sha256) in (0, 64) for v in card.variants), "a sha256 is not 64 hexadecimal digits"),
        (all(v.sha256 for v in card.variants) or card.path.parent != ZOO, "a sha256 is missing"),
        (bool(picture.shape) or card.task == "body", "input.shape is missing"),
        (all(isinstance(v, str) or v > 0 for v in picture.shape), "input.shape must be positive"),
        (picture.colour in ("", "bgr", "rgb"), f"input.colour {picture.colour!r} is not bgr or rgb"),
        (
            not picture.colour or len(picture.mean) == len(picture.std) == 3,
            "input.mean and std need three numbers",
        ),
        (not picture.colour or picture.size > 0, "input.size must be positive"),
        (all(v > 0 for v in picture.std), "input.std must be positive"),
        (0 <= picture.pad <= 255, "input.pad is not in 0..255"),
        (decode.margin >= 1, "decode.margin is below 1"),
        (decode.refine in REFINEMENTS, f"decode.refine {decode.refine!r} is not one of {', '.join(REFINEMENTS)}"),
        (decode.bins_per_px > 0, "decode.bins_per_px must be positive"),
        (decode.fit in FITS, f"decode.fit {decode.fit!r} is not one of {', '.join(FITS)}"),
        (decode.person >= 0, "decode.person must not be negative"),
        (0 <= decode.score <= 1, "decode.score is not in 0..1"),
    )
    for good, message in checks:
        if not good:
            raise ValueError(message)
