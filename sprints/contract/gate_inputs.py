"""Find the files of a repository that the command of a gate reads.

A change of such a file can turn a gate green, so they are protected. The tables give what each
program reads by its own convention, as its documentation says.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import PurePosixPath

from gates.definition import Definition
from gates.problem import Problem, ProblemCode
from sprints.contract.protected_paths import MOST_PATTERNS, PATTERN_LENGTH

# Files that a command names and whose contents decide.
NAMED = (
    ".py .sh .bash .js .mjs .cjs .ts .rb .pl .php .ps1 .bat "
    ".toml .ini .cfg .json .yaml .yml .xml .mk"
).split()
PYTHON = re.compile(r"(?:python|pypy)[\d.]*|py")
# Python imports these at its start, from any folder of its path.
AT_START = ("/sitecustomize.py", "/usercustomize.py")
JS_TESTS = (
    "jest.config.* vitest.config.* vitest.workspace.* .mocharc.* playwright.config.* "
    "cypress.config.* karma.conf.* ava.config.* web-test-runner.config.*"
)
PACKAGE = (
    "package.json#scripts package.json#jest package.json#mocha package.json#ava "
    "package.json#c8 package.json#nyc package.json#vitest .npmrc .yarnrc.yml .pnpmfile.cjs "
    "pnpm-workspace.yaml bunfig.toml turbo.json nx.json " + JS_TESTS
)
READS = {
    "pytest": "pytest.ini .pytest.ini pytest.toml .pytest.toml tox.ini setup.cfg#tool:pytest "
    "pyproject.toml#tool.pytest",
    "tox": "tox.ini tox.toml setup.cfg#tox pyproject.toml#tool.tox",
    "nox": "/noxfile.py",
    "coverage": ".coveragerc setup.cfg#coverage tox.ini pyproject.toml#tool.coverage",
    "mypy": "mypy.ini .mypy.ini setup.cfg#mypy pyproject.toml#tool.mypy",
    "pyright": "pyrightconfig.json pyproject.toml#tool.pyright",
    "ruff": "ruff.toml .ruff.toml pyproject.toml#tool.ruff",
    "flake8": ".flake8 setup.cfg#flake8 tox.ini",
    "pylint": ".pylintrc pylintrc .pylintrc.toml pylintrc.toml setup.cfg#pylint "
    "pyproject.toml#tool.pylint",
    "hatch": "hatch.toml pyproject.toml#tool.hatch",
    "pdm": "pdm.toml pyproject.toml#tool.pdm",
    "poe": "pyproject.toml#tool.poe",
    "pre-commit": ".pre-commit-config.yaml",
    **dict.fromkeys(("npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx", "turbo", "nx"), PACKAGE),
    **dict.fromkeys(("jest", "vitest", "mocha", "ava", "playwright", "cypress", "karma"), PACKAGE),
    "eslint": "eslint.config.* .eslintrc* .eslintignore package.json#eslintConfig",
    "tsc": "tsconfig*.json",
    "biome": "biome.json biome.jsonc",
    "deno": "deno.json deno.jsonc",
    "make": "Makefile makefile GNUmakefile *.mk",
    "gmake": "Makefile makefile GNUmakefile *.mk",
    "just": "/justfile /Justfile /.justfile",
    "task": "Taskfile.yml Taskfile.yaml Taskfile.dist.yml Taskfile.dist.yaml",
    "rake": "Rakefile *.rake",
    "rspec": ".rspec spec_helper.rb rails_helper.rb",
    "cargo": ".cargo/** rust-toolchain rust-toolchain.toml .config/nextest.toml",
    "gradle": "*.gradle *.gradle.kts gradle.properties gradle/**",
    "gradlew": "*.gradle *.gradle.kts gradle.properties gradle/**",
    "mvn": "pom.xml .mvn/**",
    "mvnw": "pom.xml .mvn/**",
    "phpunit": "phpunit.xml phpunit.xml.dist",
    "composer": "composer.json#scripts",
    "semgrep": ".semgrep.yml .semgrep/** .semgrepignore",
    "golangci-lint": ".golangci.yml .golangci.yaml .golangci.toml .golangci.json",
}


def files_of(gates: Iterable[Definition]) -> list[str]:
    """Return patterns of the files that the gates read, as far as their commands show.

    They are without duplicates. ``problems`` says if there are more than a contract may have.
    """
    found: dict[str, None] = {}
    for gate in gates:
        found |= dict.fromkeys(_read_by([*_words(gate.command)]))
    return [*found]


def problems(gates: Iterable[Definition]) -> list[Problem]:
    """Return why the gates read too many files to protect all of them; empty if they do not."""
    if (count := len(files_of(gates))) <= MOST_PATTERNS:
        return []
    text = f"the commands of the gates name {count} files, of which at most {MOST_PATTERNS} can be"
    text += " protected; call one script for several of them"
    return [Problem("gates", ProblemCode.TOO_LONG, text)]


def _words(command: Iterable[str]) -> Iterator[str]:
    """Yield the words of a command, and those of a shell's script in it."""
    for word in command:
        with suppress(ValueError):
            inside = shlex.split(word, comments=True)
            if len(inside) > 1:
                yield from inside
                continue
        yield word


def _read_by(words: list[str]) -> Iterator[str]:
    is_python = False
    for number, word in enumerate(words):
        name = PurePosixPath(word).name
        is_python = is_python or bool(PYTHON.fullmatch(name))
        value = word.partition("=")[2] if word.startswith("--") else word
        if value.lower().endswith((*NAMED,)) or (number == 0 and "/" in word):
            yield from _inside(value)
        yield from READS.get(name, "").split()
        if is_python and number and words[number - 1] == "-m":
            yield from _module(word)
    if is_python or any(PurePosixPath(word).name == "pytest" for word in words):
        yield from AT_START


def _module(name: str) -> Iterator[str]:
    """Yield where Python finds a module in the working directory, before any installed one."""
    if not all(part.isidentifier() for part in name.split(".")):
        return
    first, path = name.split(".")[0], name.replace(".", "/")
    yield from dict.fromkeys(
        (f"/{path}.py", f"/{path}/__main__.py", f"/{first}/__init__.py", f"/{first}.py")
    )


def _inside(word: str) -> Iterator[str]:
    """Yield the anchored path of ``word`` in the repository, unless it is not clearly one."""
    path = PurePosixPath(word)
    sound = word.isprintable() and len(word) < PATTERN_LENGTH and not word.startswith("-")
    if word and sound and not (path.is_absolute() or ".." in path.parts or " " in word):
        yield f"/{path}"  # anchored at the root
