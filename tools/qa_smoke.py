#!/usr/bin/env python3
"""Test this repository: the default gate of the gateway's own sprints.

``--quick`` (under 20 s): Django's system checks, migrations in step with the models, and a whole
sprint R0 to R5 through the engine in a temporary store, with its files verified against the rows.
``--full`` runs the test suite as well.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(name: str, argv: list[str], *, repo: Path = ROOT) -> bool:
    """Run one step in the project; print its result, and its output if it fails."""
    began = time.monotonic()
    env = {**os.environ, "STUDIO_GATEWAY_REPO": str(repo), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *argv], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    ok = done.returncode == 0
    print(
        f"[qa_smoke] {name}: {'ok' if ok else 'FAILED'} ({time.monotonic() - began:.1f} s)",
        flush=True,
    )
    if not ok:
        print(done.stdout + done.stderr, flush=True)
    return ok


def sprint_in(repo: Path) -> bool:
    """Run a sprint with its own gate in ``repo``, then doctor; return whether all steps pass."""
    ok = [sys.executable, "-c", "print('the gate of a gate')"]
    steps = [
        ("init", ["init"]),
        ("gate", ["gate", "set", "qa_smoke_quick", "--command", " ".join(map(quoted, ok))]),
        ("create", ["sprint", "create", "smoke", "--title", "Smoke"]),
        ("run R0..R5", ["sprint", "run", "smoke"]),
        ("files agree", ["doctor", "--json"]),
    ]
    return all(run(name, ["manage.py", *argv], repo=repo) for name, argv in steps)


def quoted(word: str) -> str:
    """Return ``word`` quoted for a command line."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> int:
    """Run the steps; return 0 if all pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--quick", action="store_true", help="run checks and one sprint, under 20 s (default)"
    )
    mode.add_argument("--full", action="store_true", help="run the test suite as well")
    full = parser.parse_args().full
    results = [
        run("system checks", ["manage.py", "check"]),
        run("migrations in step", ["manage.py", "makemigrations", "--check", "--dry-run"]),
    ]
    with tempfile.TemporaryDirectory(prefix="qa_smoke_") as folder:
        repo = Path(folder, "repo")
        (repo / ".git").mkdir(parents=True)
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))  # and nothing in the HOME
        results.append(sprint_in(repo))
    if full and all(results):
        results.append(run("test suite", ["-m", "pytest", "-q"]))
    print(f"[qa_smoke] DONE: {'PASS' if all(results) else 'FAIL'}", flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    if importlib.util.find_spec("django") is None and VENV.exists():
        # `python` on PATH may be an interpreter without Django.
        os.execv(VENV, [str(VENV), *sys.argv])
    sys.exit(main())
