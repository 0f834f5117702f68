"""Run the whole test suite, several tests at once; run again by themselves the few that failed.

Many tests wait for processes, a browser or a database. Beside others on a busy machine, one of them
may miss its moment. A test that then passes alone is reported as flaky, by name, and does not fail
the run; one that fails twice does, and so do many that fail.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Several processes, a file in one of them: many tests wait for programs or time.
# In the order of collection, with the browser's tests last.
# The report has the time of each test; tools/suite_times.py reads it.
AT_ONCE = (
    *("-n", "5", "--dist", "loadfile", "--no-loadscope-reorder"),
    *("--junitxml", "build/tests.xml"),
)
AGAIN = ("-n0", "--tb=short", "-q")
FEW = 3  # tests that may be run again: more of them have a common cause
FAILED = 1  # the exit code of pytest


def main(root: Path = ROOT, at_once: tuple[str, ...] = AT_ONCE) -> int:
    """Return the exit code of pytest, or 0 if each failed test passes by itself."""
    code = run(root, *at_once)
    failed = last_failed(root)
    if code != FAILED or not 1 <= len(failed) <= FEW:
        return code
    print(f"\nrunning again, by themselves: {len(failed)} failed tests", flush=True)
    code = run(root, *AGAIN, *failed)
    if code == 0:
        print("FLAKY, failed beside other tests and passed alone:", *failed, sep="\n  ", flush=True)
    return code


def run(root: Path, *arguments: str) -> int:
    """Run pytest in the project and return its exit code."""
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=root)


def last_failed(root: Path) -> list[str]:
    """Return the node ids that pytest has kept of the tests that failed, sorted."""
    try:
        kept = json.loads((root / ".pytest_cache/v/cache/lastfailed").read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return sorted(kept)


if __name__ == "__main__":
    sys.exit(main())
