"""`meshcast models`: list, show, import, export and remove models."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.errors import EXIT_WHOLE
from edge.text import one_line
from engines.errors import UnknownNameError
from engines.files.suggestions import closest

if TYPE_CHECKING:
    from engines.cards.card import Card

TASKS = ("detector", "pose", "mesh", "body")
LOG_WORDS = {"-v", "--verbose", "--log-format", "--log-format=json", "--log-format=text", "json", "text"}
COMMANDS = ("show", "import", "export", "remove")
SIMILAR_COMMAND = 0.75  # a model may have a name that is a little like a command

EPILOG = """\
examples:
  meshcast models                               list all models
  meshcast models NAME                          show the card of a model
  meshcast models import pose_hrnet_w32_256x192.pth
  meshcast models import SMPL_NEUTRAL.pkl       body model for PARE, Pose2Mesh and DecoMR
  meshcast models export hrnet_w32 hrnet.onnx
  meshcast models remove NAME                   remove an imported model
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `models` command to the command line."""
    parser = subparsers.add_parser(
        "models",
        help="list, import and export models",
        description="List the models that `meshcast run` accepts by name, show the card of one, import published "
        "checkpoints and body models, export networks as ONNX.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--task", choices=TASKS, help="list models of this task only")
    parser.set_defaults(run=run_list)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")

    show = commands.add_parser("show", help="show the card of a model")
    show.add_argument("model", metavar="NAME", help="model to show")
    show.set_defaults(run=run_show)

    import_ = commands.add_parser(
        "import",
        help="import a checkpoint, an ONNX model or a body model",
        description="Identify a published checkpoint (HRNet, YOLOX, Pose2Mesh, PARE, DCT, DecoMR) or a body model "
        "(SMPL, SMPL-H, SMPL-X, MANO), convert it and store it under a name; or copy an ONNX model whose card is next "
        "to it or embedded, as written by `meshcast train` and `meshcast models export`. No code in the file is run.",
    )
    import_.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="checkpoint (.pth, .pt, .ckpt, .safetensors), model (.onnx) or body (.pkl, .npz)",
    )
    import_.add_argument(
        "--as", dest="name", metavar="NAME", help="model that the file holds, or name to store it under"
    )
    import_.add_argument("--mean", type=Path, metavar="MEAN.npz", help="file with mean pose and shape, for DCT")
    import_.add_argument(
        "--weights", metavar="KEY", help="weights to import if the file holds several (model, ema, ...)"
    )
    import_.add_argument(
        "--trust", action="store_true", help="allow unsafe pickle loading (executes code from the file)"
    )
    import_.set_defaults(run=run_import)

    export = commands.add_parser(
        "export",
        help="write a network as ONNX",
        description="Write a network as ONNX (opset 17) with a dynamic batch axis and all outputs, and verify that it "
        "computes the same as the network.",
    )
    export.add_argument("model", metavar="NAME", help="model to export")
    export.add_argument("file", type=Path, metavar="OUT.onnx", help="output file")
    export.add_argument(
        "--body",
        metavar="NAME",
        help="body model of a graph network (default: first imported body, else the bundled body)",
    )
    export.set_defaults(run=run_export)

    remove = commands.add_parser("remove", help="remove an imported model")
    remove.add_argument("model", metavar="NAME", help="model to remove")
    remove.set_defaults(run=run_remove)


def with_command(arguments: list[str]) -> list[str]:
    """Expand the short form `models NAME` to `models show NAME`."""
    values = {index + 1 for index, word in enumerate(arguments) if word == "--log-format"}
    words = [index for index, word in enumerate(arguments) if not word.startswith("-") and index not in values]
    if len(words) != 2 or arguments[words[0]] != "models":
        return arguments
    if not set(arguments[words[0] + 1 : words[1]]) <= LOG_WORDS:
        return arguments
    if arguments[words[1]] in COMMANDS:
        return arguments
    return [*arguments[: words[1]], "show", *arguments[words[1] :]]


def run_list(args: argparse.Namespace) -> int:
    """Print one line per model."""
    from engines.cards.card import cards

    console.out(table_text(cards(args.task)))
    return EXIT_WHOLE


def run_show(args: argparse.Namespace) -> int:
    """Print the card of a model. Raises UnknownNameError."""
    from engines.cards.card import load_card

    try:
        card = load_card(args.model)
    except UnknownNameError as error:
        command = closest(args.model, COMMANDS, SIMILAR_COMMAND)  # `models NAME` is short for `models show NAME`
        if command is None:
            raise
        raise UnknownNameError(f"{error}; the command is meshcast models {command}") from None
    console.out(card_text(card))
    return EXIT_WHOLE


def run_import(args: argparse.Namespace) -> int:
    """Import a file and print the result. Raises ModelError, and then nothing is written."""
    from engines.importing.import_model import import_file

    imported = import_file(args.file, args.name, trust=args.trust, mean=args.mean, weights=args.weights)
    card = imported.card
    _print_line(f"{args.file.name} is {imported.identified}")
    for warning in imported.warnings:
        _print_line(f"warning: {warning}")
    _print_line(f"license: {card.license}")
    if card.notes:
        _print_line(f"         {' '.join(card.notes.split())}")
    option = {"detector": "--detector", "pose": "--pose", "mesh": "--mesh", "body": "--body"}[card.task]
    _print_line(f"imported as {card.name}: meshcast run SOURCE {option} {card.name}")
    _print_line(f"wrote {card.path}")
    return EXIT_WHOLE


def run_export(args: argparse.Namespace) -> int:
    """Write a network as ONNX. Raises ModelError for a model that has none, and if the file computes something else."""
    from edge.sinks.output_file import OutputFile
    from engines.body.select import select_body
    from engines.cards.card import load_card
    from engines.errors import ModelError
    from engines.files.install_hint import install_hint
    from engines.onnx_tools.packed_model import pack_card

    card = load_card(args.model)
    target = OutputFile(args.file)
    try:
        if card.variants and not card.network:  # already ONNX: embed the card and its files
            data = pack_card(card)
            target.write(data)
            _print_line(f"wrote {args.file} ({len(data) / 1e6:.1f} MB) with its card embedded")
            return EXIT_WHOLE
        try:
            from engines.onnx_tools.export import export
        except ImportError as error:
            raise ModelError(f"exporting needs torch and onnx ({error}); {install_hint('export')}") from None
        data = export(card, select_body(args.body, "mano" if card.name.endswith("_mano") else "smpl"))
    except BaseException:
        target.discard()
        raise
    target.write(data)
    if card.untrained:
        console.warn(f"{card.name}: untrained; the file holds random weights")
    _print_line(f"wrote {args.file} ({len(data) / 1e6:.1f} MB)")
    return EXIT_WHOLE


def run_remove(args: argparse.Namespace) -> int:
    """Remove an imported model. Raises UnknownNameError for a model that was not imported."""
    from engines.importing.import_model import remove

    for path in remove(args.model):
        _print_line(f"removed {path}")
    return EXIT_WHOLE


def table_text(cards: tuple[Card, ...]) -> str:
    """Format one line per model under a heading, sorted by task."""
    ordered = sorted(cards, key=lambda card: (TASKS.index(card.task), card.untrained, card.name))
    lines = [("TASK", "NAME", "WEIGHTS", "LICENSE", "TITLE")]
    lines += [(c.task, one_line(c.name), _weights(c), one_line(c.license), one_line(c.title)) for c in ordered]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join([*(text.ljust(w) for text, w in zip(line, widths, strict=False)), line[4]]) for line in lines
    )


def card_text(card: Card) -> str:
    """Format the card of a model, one entry per line."""
    shape = " x ".join(str(side) for side in card.input.shape)
    files = [(f"{v.precision} file", f"{v.file} (sha256 {v.sha256[:12]}...)") for v in card.variants]
    gates = [
        (f"{v.precision} gate" if number == 0 else "", str(metric))
        for v in card.variants
        if v.gate is not None
        for number, metric in enumerate(v.gate.metrics)
    ]
    licenses = [("license text", str(path)) for path in card.license_files]
    precision = f"{_precisions(card)}; auto selects the first that the device supports of: {', '.join(card.auto)}"
    entries = [
        ("name", ", ".join([card.name, *card.aliases])),
        ("title", card.title),
        ("task", f"{card.task}, family {card.family}"),
        (
            "weights",
            "none; untrained until a checkpoint is imported with meshcast models import" if card.untrained else "",
        ),
        ("precision", precision if card.task != "body" else ""),
        ("input", f"{card.input.name} {shape} {card.input.color}".strip()),
        ("keypoints", ", ".join(card.keypoints)),
        ("body", card.body),
        ("license", card.license),
        *licenses,
        ("source", card.source),
        ("imported", f"from a file with sha256 {card.imported_sha256}" if card.imported_sha256 else ""),
        *files,
        *gates,
        ("notes", " ".join(card.notes.split())),
    ]
    return "\n".join(f"{key:<14}{one_line(value)}" for key, value in entries if value)


def _print_line(line: str) -> None:
    """Print one line; line breaks in names and texts of others are escaped."""
    console.out(one_line(line))


def _weights(card: Card) -> str:
    if card.untrained:
        return "-"
    return _precisions(card) if card.task != "body" else "yes"


def _precisions(card: Card) -> str:
    """The supported precisions; bfloat16 needs no file of its own."""
    from engines.cards.card import PRECISIONS

    supported = {*card.auto, *(variant.precision for variant in card.variants)}
    return " ".join(precision for precision in PRECISIONS if precision in supported)
