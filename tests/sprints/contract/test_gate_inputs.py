"""Test which files of the repository a gate's command is taken to read."""

from dataclasses import replace

import pytest

from gates.problem import ProblemCode
from sprints.contract.contract import DEFAULT_GATE
from sprints.contract.gate_inputs import READS, files_of, problems
from sprints.contract.protected_paths import divided, matching

PY = ["/sitecustomize.py", "/usercustomize.py"]


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (("./check", "src"), ["/check"]),
        (("sh", "-c", "grep x work.sh && ./go.sh"), ["/work.sh", "/go.sh"]),
        (("python", "tools/gate.py", "--quick"), ["/tools/gate.py", *PY]),
        (("env", "A=1", "/usr/bin/python3.11", "-B", "gate.py"), ["/gate.py", *PY]),
        (("python", "../outside.py"), PY),
        (("make", "test"), ["Makefile", "makefile", "GNUmakefile", "*.mk"]),
        (("lint", "--config=conf/lint.yaml"), ["/conf/lint.yaml"]),
        (("rm", "-rf", "build"), []),
    ],
)
def test_files_in_a_command_are_found(command, names):
    assert files_of([replace(DEFAULT_GATE, command=command)]) == names


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("python -m unittest", "unittest.py"),
        ("python -m unittest", "unittest/__main__.py"),
        ("python3 -m mine.check -q", "mine/check.py"),
        ("python3 -m mine.check -q", "mine/__init__.py"),
        ("python -m pytest", "pytest.ini"),
        ("uv run pytest -q", "tox.ini"),
        ("sh -c 'cd a && pytest'", "a/pytest.ini"),
        ("npm test", "jest.config.js"),
        ("npx vitest run", "web/vitest.config.ts"),
        ("cargo test", ".cargo/config.toml"),
        ("just test", "justfile"),
        ("./gradlew test", "app/build.gradle.kts"),
    ],
)
def test_files_that_a_program_reads_by_its_convention_are_found(command, path):
    patterns = files_of([replace(DEFAULT_GATE, command=tuple(command.split(" ")))])
    if "'" in command:
        patterns = files_of([replace(DEFAULT_GATE, command=("sh", "-c", "cd a && pytest"))])

    assert [*matching([path, "src/main.py"], divided(patterns)[0])] == [path]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (("npm", "test"), ("package.json", "scripts")),
        (("pytest",), ("pyproject.toml", "tool.pytest")),
        (("python", "-m", "mypy", "."), ("setup.cfg", "mypy")),
    ],
)
def test_of_a_shared_file_only_the_part_of_the_program_counts(command, part):
    whole, parts = divided(files_of([replace(DEFAULT_GATE, command=command)]))

    assert part in parts
    assert part[0] not in whole


def test_no_file_of_many_gates_is_left_out_without_a_word():
    gates = [replace(DEFAULT_GATE, command=(f"./check{n}", *READS)) for n in range(300)]

    assert {f"/check{n}" for n in range(300)} <= {*files_of(gates)}
    (problem,) = problems(gates)
    assert (problem.field, problem.code) == ("gates", ProblemCode.TOO_LONG)
    assert f"name {len(files_of(gates))} files, of which at most 200" in problem.text
    assert problems(gates[:20]) == []
