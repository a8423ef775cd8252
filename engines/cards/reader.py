"""Reads a model card from its TOML file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engines.cards.accuracy_gate import read_gate
from engines.cards.checks import check_card
from engines.cards.paths import inside
from engines.cards.renamed_keys import read_card_table
from engines.cards.toml_table import Table
from engines.cards.types import Card, Decode, Input, Variant
from engines.errors import ModelError
from engines.files.toml_file import one_line

ZOO = Path(__file__).parents[1] / "zoo"
NETWORKS = ZOO / "networks"


class NotACardError(ModelError):
    """A file cannot be read or is not TOML, so it is not a card at all."""


def read_card(path: Path) -> Card:
    """The card in a TOML file, which is read again when the file changes.

    Raises NotACardError when it cannot be read, and ModelError when an entry is missing, unknown or wrong, or names a
    file that is not in the card's folder.
    """
    try:
        changed_ns = path.stat().st_mtime_ns
    except (OSError, ValueError) as error:
        raise NotACardError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return _read_at(path, changed_ns)


@cache
def _read_at(path: Path, mtime_ns: int) -> Card:
    raw = read_card_table(path, NotACardError)
    try:
        return _card(Table(raw, ""), path)
    except (ValueError, OverflowError) as error:
        raise ModelError(f"{path}: {one_line(str(error), 400)}") from None


def _card(table: Table, path: Path) -> Card:
    folder, bundled = path.parent, path.parent in (ZOO, NETWORKS)
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
        file = inside(folder, row.text("file"), f"variants.{precision}.file", follow=not bundled)
        data = tuple((name, digest.lower()) for name, digest in row.texts_by_name("data"))
        variants.append(Variant(precision, file, row.text("sha256", "").lower(), gate, data))
        row.finish()
    card = Card(
        name=table.text("name", path.stem),
        task=task,
        family=table.text("family"),
        title=table.text("title", path.stem),
        license=table.text("license", "unknown"),
        license_files=tuple(
            inside(folder, name, "license_files", follow=not bundled) for name in table.texts("license_files")
        ),
        source=table.text("source", ""),
        notes=table.text("notes", "").strip(),
        body=table.text("body", ""),
        keypoints=table.keypoints("keypoints"),
        auto=table.texts("auto") or ("fp32",),
        input=Input(
            name=entry.text("name", "" if task == "body" else None),
            shape=tuple(entry.items("shape", (int, str))),
            size=entry.integer("size", 0),
            color=entry.text("color", ""),
            mean=tuple(float(v) for v in entry.items("mean", (int, float))),
            std=tuple(float(v) for v in entry.items("std", (int, float))),
            pad=entry.integer("pad", 0),
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
            half_cell=decode.flag("half_cell", usual.half_cell),
            bins_per_px=decode.number("bins_per_px", usual.bins_per_px),
            fit=decode.text("fit", usual.fit),
            person=decode.integer("person", usual.person),
            score=decode.number("score", usual.score),
        ),
    )
    for part in (entry, decode, files, table):
        part.finish()
    check_card(card, bundled=bundled)
    if path.parent == ZOO and not all(variant.sha256 for variant in card.variants):
        raise ValueError("a sha256 is missing")
    return card
