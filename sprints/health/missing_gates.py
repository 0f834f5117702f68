"""Find gates whose command is not there, and suggest a command that suits the repository."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gates.kinds.command import resolve
from gates.models import Gate
from sprints.state.messages import message

TEST_TARGET = re.compile(r"^test\s*:(?!=)", re.MULTILINE)
NO_TEST = "no test specified"  # npm's placeholder
# Lock files of JavaScript's package managers, and of Python's.
NODE = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun run"}
PYTHON = {"uv.lock": "uv run ", "poetry.lock": "poetry run ", "pdm.lock": "pdm run "}
PYTEST_FILES = ("pytest.ini", "tox.ini", "conftest.py", "tests/conftest.py")
# A file at the top, and the tests of such a repository.
OTHERS = {
    "Cargo.toml": "cargo test --quiet",
    "go.mod": "go test ./...",
    "mvnw": "./mvnw -q test",
    "pom.xml": "mvn -q test",
    "gradlew": "./gradlew test",
    "mix.exs": "mix test",
    "manage.py": "python manage.py test",
}
LARGEST = 1 << 20  # bytes that are read of one file


def missing_in(repo: Path, command: tuple[str, ...]) -> str:
    """Return the missing program, or the missing script of an interpreter; empty if none."""
    program, *words = resolve(command, None)
    by_name = os.sep not in program and shutil.which(program)
    if not (by_name or shutil.which(str(repo / program))):
        return program
    script = words[0] if words else ""
    is_script = Path(program).name.startswith("python") and script.endswith(".py")
    return script if is_script and not (repo / script).exists() else ""


def missing(repo: Path) -> Iterator[str]:
    """Yield a sentence for each enabled gate that is not there, with the command to type."""
    for row in Gate.objects.filter(enabled=True):
        if lacks := missing_in(repo, row.definition.command):
            about = {"gate_id": row.gate_id, "path": lacks}
            yield message("gate_missing", **about, command=setting(row.gate_id, repo))


def setting(gate_id: str, repo: Path) -> str:
    """Return what to type so that the gate runs the tests of this repository."""
    return f"studio-gateway gate set {gate_id} --command {shlex.quote(suggested(repo) or 'C')}"


def suggested(repo: Path) -> str:
    """Return a command that should run the tests of the repository; empty if none is known."""
    there = {name for name in (*NODE, *PYTHON, *OTHERS) if (repo / name).exists()}
    if any(TEST_TARGET.search(_text(repo / name)) for name in ("Makefile", "GNUmakefile")):
        return "make test"
    if _has_node_test(repo):
        return f"{next((NODE[name] for name in NODE if name in there), 'npm')} test"
    if _has_pytest(repo):
        return next((PYTHON[name] for name in PYTHON if name in there), "python -m ") + "pytest -q"
    return next((OTHERS[name] for name in OTHERS if name in there), "")


def _has_node_test(repo: Path) -> bool:
    with suppress(ValueError, RecursionError):
        scripts = json.loads(_text(repo / "package.json") or "{}").get("scripts")
        return isinstance(scripts, dict) and NO_TEST not in str(scripts.get("test") or NO_TEST)
    return False


def _has_pytest(repo: Path) -> bool:
    declared = (_text(repo / name) for name in ("pyproject.toml", "setup.cfg"))
    return any((repo / name).is_file() for name in PYTEST_FILES) or any(
        "pytest" in text for text in declared
    )


def _text(path: Path) -> str:
    """Return the beginning of a file; empty if it cannot be read."""
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        return file.read(LARGEST)
    return ""
