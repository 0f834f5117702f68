"""Check the project's own rules on the tree, with one line for each violation."""

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gateway_project", "gates", "sprints")
SCRIPTS = ("manage.py", "studio_gateway.py")
# Faces turn refusals into their own language, and their callers are frameworks.
FACES = (
    "/admin/",
    "/management/",
    "/migrations/",
    "/views/",
    "/views.py",
    "gateway_project/cli.py",
)
LOCKS = ("requirements.txt", "requirements-dev.txt", "deploy/requirements.txt")
FREE_OF_HOSTS = ("pyproject.toml", *LOCKS)

# A module is split where a second subject appears; this limit only finds candidates.
MODULE_LINES, README_LINES = 500, 150
VAGUE = {"common", "helpers", "manager", "misc", "orchestrator", "service", "utils"}
HOST = re.compile(r"\w://|(?<![\w-])--(?:extra-)?index-url|--find-links|--trusted-host")
PROJECT_URLS = re.compile(r"^\[project\.urls\]\n(?:[^\[\n].*\n)*", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.])(?:/home/|/root/|/tmp/|/Users/|[A-Za-z]:\\+Users)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
NAMED = {
    "command": re.compile(r"(?:-m studio_gateway|studio-gateway|manage\.py) +([a-z][\w-]*)"),
    "make target": re.compile(r"\bmake +([a-z][\w-]*)"),
    "tool": re.compile(r"\btools[/\\](\w+\.py)"),
}


def long_modules(sources: Mapping[str, str]) -> Iterator[str]:
    """Yield the modules over the limit, by path and text."""
    for path, text in sources.items():
        if (lines := len(text.splitlines())) > MODULE_LINES:
            yield f"{path}: {lines} lines, at most {MODULE_LINES}: it has more than one subject"


def vague_names(paths: Collection[str]) -> Iterator[str]:
    """Yield the modules and packages whose names do not say what they contain."""
    for path in paths:
        for word in sorted(VAGUE & set(Path(path).with_suffix("").parts)):
            yield f"{path}: {word!r} says nothing; name the subject"


def lines_with(pattern: re.Pattern[str], what: str, texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines that match ``pattern``, as ``path:line: what: match``."""
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if found := pattern.search(line):
                yield f"{path}:{number}: {what}: {found[0]}"


def silent_raises(sources: Mapping[str, str]) -> Iterator[str]:
    """Yield the public functions that raise and whose docstring does not say so."""
    for path, text in sources.items():
        if any(face in path for face in FACES):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                reported = ast.get_docstring(node)
                errors = sorted(set(_raised(node.body)))
                if reported and errors and not re.search(r"\b[Rr]aises?\b", reported):
                    yield f"{path}:{node.lineno}: {node.name} raises {', '.join(errors)}: say so"


def _raised(body: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names of the errors that these statements raise and do not catch."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
            case ast.Raise(exc=ast.Call(func=ast.Name(name)) | ast.Name(name)) if name[0].isupper():
                yield name
            case ast.Try():
                caught = {
                    one.id
                    for handler in node.handlers
                    for one in ast.walk(handler.type or ast.Name("BaseException"))
                    if isinstance(one, ast.Name)
                }
                yield from (name for name in _raised(node.body) if name not in caught)
                yield from _raised([*node.handlers, *node.orelse, *node.finalbody])
            case _:
                yield from _raised(ast.iter_child_nodes(node))


def without_project_urls(pyproject: str) -> str:
    """Return ``pyproject`` with empty lines in place of its table of the project's own URLs."""
    return PROJECT_URLS.sub(lambda found: "\n" * found[0].count("\n"), pyproject)


def readme_faults(readme: str, known: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield names that the README has in code and the project lacks, and an excess of length."""
    if (lines := len(readme.splitlines())) >= README_LINES:
        yield f"README.md: {lines} lines, must stay under {README_LINES}"
    code = "\n".join(CODE.findall(readme))
    for kind, pattern in NAMED.items():
        for name in sorted(set(pattern.findall(code)) - set(known[kind])):
            yield f"README.md: there is no {kind} {name!r}"


def what_exists() -> dict[str, set[str]]:
    """Return the names that a README may use, by the kinds of ``NAMED``."""
    from django.core import management

    homes = [Path(management.__file__).parent]
    homes += [home for name in PACKAGES for home in (ROOT / name).rglob("management")]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    return {
        "command": {name for home in homes for name in management.find_commands(str(home))},
        "make target": set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE)),
        "tool": {path.name for path in (ROOT / "tools").glob("*.py")},
    }


def faults() -> Iterator[str]:
    """Yield every violation of a rule."""
    modules = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
    modules += [ROOT / name for name in SCRIPTS]
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in modules}
    yield from long_modules({k: v for k, v in sources.items() if "/migrations/" not in k})
    yield from vague_names(sources)
    yield from silent_raises(sources)
    yield from lines_with(MACHINE_PATH, "a path of one machine", sources)
    locks = {name: (ROOT / name).read_text("utf-8") for name in FREE_OF_HOSTS}
    locks["pyproject.toml"] = without_project_urls(locks["pyproject.toml"])
    yield from lines_with(HOST, "names a host or an index", locks)
    readme = ROOT / "README.md"
    if readme.exists():
        yield from readme_faults(readme.read_text("utf-8"), what_exists())
    else:
        yield "README.md: missing"


def main() -> int:
    """Print the violations; return the exit code."""
    found = list(faults())
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
