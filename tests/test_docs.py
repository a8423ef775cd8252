"""The documentation agrees with the repository: links, anchors, paths, commands and Python code."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from edge.cli import main, models
from edge.cli.parser import commands_of

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "tests/media/README.md")),
    *sorted((ROOT / "clients").glob("*/README.md")),
    *PAGES,
]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
PATH = re.compile(r"\b(?:edge|engines|calibration|kernels|tests|docs|tools)/[\w/.-]+\.(?:py|md|toml|npz|mp4|hpp)\b")
README_LINES = 150


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


@functools.cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(text_of(path)) if name == language]


@functools.cache
def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, by GitHub's rule: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    titles = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def commands(path: Path) -> list[str]:
    """The meshcast commands in the shell blocks of a page, without variables in front and commands behind."""
    lines = (line.strip() for block in blocks(path, "sh") for line in block.replace("\\\n", " ").splitlines())
    found = (re.match(r"(?:\w+=\S+ )*(?:nsys profile )?(?:\.venv/bin/)?(meshcast .*)", line) for line in lines)
    return [match.group(1).partition(" && ")[0] for match in found if match is not None]


COMMANDS = [(path, command) for path in DOCUMENTS for command in commands(path)]
PYTHON = [(path, index) for path in DOCUMENTS for index in range(len(blocks(path, "python")))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=identify)
def test_document_links_resolve_to_files_and_headings(path: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(FENCE.sub("", text_of(path))):
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(f"{target}#{anchor}")
    assert not broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=identify)
def test_document_named_paths_exist(path: Path) -> None:
    assert not [name for name in PATH.findall(text_of(path)) if not ((ROOT / name).exists() or placeholder(name))]


def placeholder(name: str) -> bool:
    """Whether a path stands for many, such as tests/benchmarks/bm_NAME.py."""
    return "NAME" in name


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=lambda value: value if isinstance(value, str) else "")
def test_document_command_is_accepted_by_the_parser(path: Path, command: str) -> None:
    arguments = models.with_command(shlex.split(command, comments=True)[1:])
    assert callable(main.parser().parse_args(arguments).run)


@pytest.mark.parametrize(
    ("path", "index"), PYTHON, ids=lambda value: identify(value) if isinstance(value, Path) else ""
)
def test_document_python_block_compiles(path: Path, index: int) -> None:
    assert ast.parse(blocks(path, "python")[index]).body


@pytest.mark.parametrize("folder", ["tutorials", "how-to", "reference"])
def test_index_lists_every_page_of_a_folder(folder: str) -> None:
    index = text_of(ROOT / "docs/index.md")
    pages = {f"{folder}/{page.name}" for page in (ROOT / "docs" / folder).glob("*.md")}
    generated = {"reference/cli.md"}  # a page of the site alone
    assert pages - generated <= {target for target, _ in LINK.findall(index)}


def test_site_navigation_lists_every_page() -> None:
    pages = {str(page.relative_to(ROOT / "docs")) for page in PAGES} - {"media/README.md"}
    navigation = text_of(ROOT / "mkdocs.yml").partition("\nnav:\n")[2]
    assert sorted(re.findall(r"- ([\w/-]+\.md)$", navigation, re.MULTILINE)) == sorted(pages)


def test_readme_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) < README_LINES


def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs/_hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_command_reference_has_a_section_for_every_command() -> None:
    reference = hooks().command_reference()
    assert all(f"## {parser.prog}\n" in reference for parser in commands_of(main.parser()))


def test_command_reference_lists_the_options_of_run() -> None:
    run = hooks().command_reference().partition("## meshcast run\n")[2].partition("\n## ")[0]
    assert "--publish ADDRESS" in run
