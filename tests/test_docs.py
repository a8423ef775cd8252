"""The documentation agrees with the repository: links, anchors, paths, commands and Python code."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from edge.cli import main
from edge.cli.parser import commands_of as parsers_of
from tests.support.doc_commands import DocCommand, commands_of, doc_commands, inline_commands, problem_of, split

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


COMMANDS = doc_commands()
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


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.where}-{command.program}")
def test_document_command_can_be_given(command: DocCommand) -> None:
    problem = problem_of(command)
    if problem:
        pytest.fail(f"{command.where}: {command.text}: {problem}", pytrace=False)


@pytest.mark.parametrize("command", inline_commands(), ids=lambda command: command.where)
def test_document_command_in_a_sentence_has_options_that_exist(command: DocCommand) -> None:
    problem = problem_of(command)
    if problem and not re.search(r": missing|: expected .*argument", problem):  # a sentence may leave out arguments
        pytest.fail(f"{command.where}: {command.text}: {problem}", pytrace=False)


def test_document_commands_are_found() -> None:
    programs = [command.program for command in COMMANDS]
    assert programs.count("meshcast") > 80
    assert programs.count("make") > 8
    assert len(inline_commands()) > 10


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("meshcast run 'tcp://*:5556' --fps 5   # a comment", [["meshcast", "run", "tcp://*:5556", "--fps", "5"]]),
        ("A=1 sudo -u me env B=2 meshcast doctor > report.json", [["meshcast", "doctor"]]),
        ("make a && cd b; nsys profile c | d", [["make", "a"], ["cd", "b"], ["c"], ["d"]]),
    ],
)
def test_shell_line_is_split_into_commands(line: str, commands: list[list[str]]) -> None:
    assert list(split(line)) == commands


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("meshcast run clip.mp4 --detectr x", "--detectr: no such option; did you mean --detector?"),
        ("meshcast config chek a.toml", "chek"),
        ("make nothing", "the Makefile has no target nothing"),
        ("python tests/none.py", "there is no file tests/none.py"),
        ("pip install -e '.[nothing]'", "pyproject.toml has no extra nothing"),
        ("docker run meshcast runn", "runn"),
        ("docker build -f deploy/none.Dockerfile .", "there is no deploy/none.Dockerfile"),
        ("sudo install deploy/none.service /etc", "there is no deploy/none.service"),
        ("frobnicate", "unknown program frobnicate"),
    ],
)
def test_document_command_that_is_wrong_has_a_reason(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "page.md").write_text(f"```sh\n{text}\n```\n")
    (command,) = commands_of(tmp_path / "page.md")
    assert (command.page, command.line) == ("page.md", 2)
    assert problem in problem_of(command)


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
    assert all(f"## {parser.prog}\n" in reference for parser in parsers_of(main.parser()))


def test_command_reference_lists_the_options_of_run() -> None:
    run = hooks().command_reference().partition("## meshcast run\n")[2].partition("\n## ")[0]
    assert "--publish ADDRESS" in run
