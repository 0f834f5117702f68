"""Run all checks that must pass before a commit, for people and for CI."""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
IMPORT_LINTER = "from importlinter.cli import lint_imports_command as main; main()"


@dataclass(frozen=True)
class Step:
    """A Python program that exits with 0 if the check passes."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """The result of a step."""

    step: Step
    code: int
    output: str
    seconds: float


STEPS = (
    Step("ruff check", ("-m", "ruff", "check", ".")),
    Step("ruff format", ("-m", "ruff", "format", "--check", ".")),
    Step("mypy", ("-m", "mypy")),
    Step("import-linter", ("-c", IMPORT_LINTER)),
    Step("migrations in step", ("manage.py", "makemigrations", "--check", "--dry-run")),
    Step("system checks", ("manage.py", "check", "--fail-level", "WARNING")),
    Step("house rules", ("tools/house_rules.py",)),
)
TESTS = Step(
    "tests", ("-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
)


def run(step: Step) -> Result:
    """Run a step from the project's folder, on a store of its own."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as repo:
        env = {**os.environ, "STUDIO_GATEWAY_REPO": repo}
        env.pop("DATABASE_URL", None)
        done = subprocess.run(
            [sys.executable, *step.argv],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    return Result(step, done.returncode, done.stdout.strip(), time.monotonic() - begun)


def report(result: Result) -> str:
    """Return one line, with the output below it if the step failed."""
    word = "FAILED" if result.code else "OK"
    line = f"{word:<7} {result.step.name:<20} {result.seconds:6.1f} s"
    if result.code:
        return f"{line}\n{result.output or f'exit code {result.code}'}\n"
    return f"{line}  {result.output.splitlines()[-1]}" if result.step is TESTS else line


def check(steps: tuple[Step, ...], tests: tuple[Step, ...]) -> int:
    """Run every step, then the tests; return the exit code."""
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in chain(pool.map(run, steps), map(run, tests)):
            print(report(result), flush=True)
            failed += [result.step.name] if result.code else []
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def enter_venv() -> None:
    """Continue with the interpreter of .venv if another one was started."""
    if not PYTHON.exists() or Path(sys.prefix) == VENV:
        return
    argv = [str(PYTHON), *sys.argv]
    if os.name == "nt":
        sys.exit(subprocess.call(argv))
    os.execv(PYTHON, argv)


def main() -> int:
    """Parse the command line and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-tests", action="store_true", help="skip the test suite")
    options = parser.parse_args()
    if importlib.util.find_spec("mypy") is None:
        parser.error(
            "the development tools are not installed; run: python3 tools/bootstrap.py check"
        )
    return check(STEPS, () if options.no_tests else (TESTS,))


if __name__ == "__main__":
    enter_venv()
    sys.exit(main())
