"""Model cards: what a model is, where it comes from, which files hold it. TOML beside the weights, checked on load."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engines.errors import ModelError, UnknownNameError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ZOO = Path(__file__).parent / "zoo"
TASKS = ("detector", "pose", "mesh")
PRECISIONS = ("fp32", "bf16", "int8")


@dataclass(frozen=True, slots=True)
class Variant:
    """One weights file: precision "fp32" or "int8", absolute path, SHA-256 in lower-case hexadecimal."""

    precision: str
    file: Path
    sha256: str


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
class Card:
    """A model: task "detector", "pose" or "mesh"; family names its decoder; auto lists precisions, best first."""

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

    def variant(self, precision: str) -> Variant | None:
        """The weights file for this precision, or None."""
        return next((v for v in self.variants if v.precision == precision), None)


def cards(task: str | None = None) -> tuple[Card, ...]:
    """All cards of the model zoo by name, or only those for one task."""
    found = (load_card(path) for path in sorted(ZOO.glob("*.toml")))
    return tuple(card for card in found if task is None or card.task == task)


def load_card(name: str | Path, task: str | None = None) -> Card:
    """The card with this name, or the one in this `.toml` file.

    Raises UnknownNameError, listing the models that exist (for the task, if given), when there is none, and ModelError
    when the card cannot be used or is for another task.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = ZOO / f"{name}.toml"
    known = path.is_file() and (path.parent != ZOO or path.stem in _zoo_names())
    if not known:
        names = ", ".join(card.name for card in cards(task)) or "none"
        raise UnknownNameError(f"unknown {task or 'model'} {str(name)!r}; there are: {names}")
    card = _read(path.resolve())
    if task is not None and card.task != task:
        names = ", ".join(other.name for other in cards(task)) or "none"
        raise UnknownNameError(f"{card.name} is a {card.task} model, not a {task} model; there are: {names}")
    return card


def read_weights(variant: Variant) -> bytes:
    """The bytes of a weights file. Raises ModelError when it is missing or is not the one that the card describes."""
    try:
        data = variant.file.read_bytes()
    except OSError as error:
        raise ModelError(f"{variant.file}: cannot be read ({error.strerror}); install the model again") from None
    if hashlib.sha256(data).hexdigest() != variant.sha256:
        raise ModelError(f"{variant.file}: damaged or replaced (not the card's SHA-256); install the model again")
    return data


def _zoo_names() -> set[str]:
    return {path.stem for path in ZOO.glob("*.toml")}


@cache
def _read(path: Path) -> Card:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: not a model card ({error})") from None
    try:
        card = _card(_Table(raw, ""), path)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from None
    return card


def _card(table: _Table, path: Path) -> Card:
    folder = path.parent
    entry = table.table("input")
    files = table.table("variants")
    variants = []
    for precision in files.names():
        if precision not in ("fp32", "int8"):
            raise ValueError(f"variants.{precision}: a variant is fp32 or int8")
        row = files.table(precision)
        variants.append(Variant(precision, folder / row.text("file"), row.text("sha256").lower()))
        row.finish()
    card = Card(
        name=table.text("name"),
        task=table.text("task"),
        family=table.text("family"),
        title=table.text("title"),
        licence=table.text("licence"),
        licence_files=tuple(folder / name for name in table.texts("licence_files")),
        source=table.text("source"),
        notes=table.text("notes", "").strip(),
        body=table.text("body", ""),
        keypoints=table.texts("keypoints"),
        auto=table.texts("auto") or ("fp32",),
        input=Input(
            name=entry.text("name"),
            shape=tuple(entry.items("shape", (int, str))),
            size=entry.whole("size", 0),
            colour=entry.text("colour", ""),
            mean=tuple(float(v) for v in entry.items("mean", (int, float))),
            std=tuple(float(v) for v in entry.items("std", (int, float))),
            pad=entry.whole("pad", 0),
        ),
        variants=tuple(variants),
        path=path,
    )
    for part in (entry, files, table):
        part.finish()
    _check(card)
    return card


def _check(card: Card) -> None:
    picture = card.input
    checks = (
        (card.name == card.path.stem, f"name {card.name!r} differs from the file's"),
        (card.task in TASKS, f"task {card.task!r} is not one of {', '.join(TASKS)}"),
        (bool(card.variants), "no variants"),
        (all(p in PRECISIONS for p in card.auto), f"auto holds a precision that is not one of {', '.join(PRECISIONS)}"),
        (all(len(v.sha256) == 64 for v in card.variants), "a sha256 is not 64 hexadecimal digits"),
        (picture.colour in ("", "bgr", "rgb"), f"input.colour {picture.colour!r} is not bgr or rgb"),
        (
            not picture.colour or len(picture.mean) == len(picture.std) == 3,
            "input.mean and std need three numbers",
        ),
        (not picture.colour or picture.size > 0, "input.size must be positive"),
        (all(v > 0 for v in picture.std), "input.std must be positive"),
        (0 <= picture.pad <= 255, "input.pad is not in 0..255"),
    )
    for good, message in checks:
        if not good:
            raise ValueError(message)


class _Table:
    """A TOML table that is read key by key; what is left over at the end is a mistake in the card."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self._values = values
        self._where = where
        self._left = set(values)

    def names(self) -> list[str]:
        return list(self._values)

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._take(key, default, lambda v: isinstance(v, str), "a text"))

    def whole(self, key: str, default: int) -> int:
        return int(self._take(key, default, lambda v: isinstance(v, int), "a whole number"))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self.items(key, (str,)))

    def items(self, key: str, kinds: tuple[type, ...]) -> list[Any]:
        def good(value: object) -> bool:
            return isinstance(value, list) and all(isinstance(item, kinds) for item in value)

        return list(self._take(key, [], good, "a list"))

    def table(self, key: str) -> _Table:
        return _Table(dict(self._take(key, None, lambda v: isinstance(v, dict), "a table")), f"{self._where}{key}.")

    def finish(self) -> None:
        if self._left:
            raise ValueError(f"unknown entry {self._where}{sorted(self._left)[0]}")

    def _take(self, key: str, default: object, good: Callable[[Any], bool], wanted: str) -> Any:
        self._left.discard(key)
        if key not in self._values:
            if default is None:
                raise ValueError(f"{self._where}{key} is missing")
            return default
        if not good(self._values[key]):
            raise ValueError(f"{self._where}{key} must be {wanted}")
        return self._values[key]
