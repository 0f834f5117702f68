"""Measure the capture of a gate's output without secrets, against a shell's ``cmd > file``.

Zeros contain no possible beginning of a secret; lines of a log may.
"""

import os
import statistics
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools.bench.figures import Figure, once_ms
from tools.bench.stores import fresh_store

LOG_LINE = b"2026-11-24 12:00:00 INFO tests/x.py::test_something passed in 0.12 s: wk8_demo\n"


def figures(megabytes: int, runs: int) -> Iterator[Figure]:
    """Yield MB/s of both, measured in turn; the fixed cost of a start is in both."""
    with fresh_store() as repo:
        size = megabytes * 1_000_000
        log = repo / "log.txt"
        with log.open("wb") as file:
            for _ in range(size // (1000 * len(LOG_LINE)) + 1):
                file.write(LOG_LINE * 1000)
        rate, floor = _rates(repo, ("head", "-c", str(size), "/dev/zero"), runs)
        met = rate >= 0.95 * floor
        yield Figure("captured output", rate, "MB/s", floor, "at least 0.95 x", met)
        rate, floor = _rates(repo, ("head", "-c", str(size), str(log)), runs)
        yield Figure("captured output, a log", rate, "MB/s", floor)


def _rates(repo: Path, argv: tuple[str, ...], runs: int) -> tuple[float, float]:
    """Return MB/s of a gate that runs ``argv``, and of a shell's redirect."""
    from gates import process

    ours, floors = [], []
    for number in range(runs):
        folder = repo / f"{argv[-1].rpartition('/')[2]}-{number}"
        folder.mkdir()
        process.warm()
        ours.append(once_ms(partial(_captured, argv, folder)))
        floors.append(once_ms(partial(_redirected, argv, folder / "bare.txt")))
        (folder / "bare.txt").unlink()
        (folder / "stdout.txt").unlink()
    megabytes = int(argv[2]) / 1_000_000
    return (
        megabytes / statistics.median(ours) * 1000,
        megabytes / statistics.median(floors) * 1000,
    )


def _captured(argv: tuple[str, ...], folder: Path) -> None:
    from gates import process

    done = process.run(
        process.Spec(
            argv=argv,
            cwd=folder,
            env=dict(os.environ),
            run_dir=folder,
            run_id=folder.name,
            token="bench",
            timeout_s=600,
            cap_bytes=1 << 40,
        )
    )
    assert done.exit_code == 0, done


def _redirected(argv: tuple[str, ...], path: Path) -> None:
    with path.open("wb") as file:
        subprocess.run(argv, stdout=file, check=True)
