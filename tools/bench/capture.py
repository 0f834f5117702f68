"""Output of a gate, captured as evidence and without secrets, beside a shell's ``cmd > file``.

What is sought in the bytes takes several times as long as to write them: ``gates.redaction`` says
why that is done all the same before they reach the disk. The default cap is 64 MiB.
"""

import os
import statistics
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools.bench.figures import Figure, once_ms
from tools.bench.stores import fresh_store

LOUD = ("sh", "-c", "head -c {} /dev/zero")


def figures(megabytes: int, runs: int) -> Iterator[Figure]:
    """MB/s of both, in turn; the fixed cost of a start is in both and small beside the bytes."""
    from gates import process

    with fresh_store() as repo:
        argv = (*LOUD[:2], LOUD[2].format(megabytes * 1_000_000))
        ours, floors = [], []
        for number in range(runs):
            folder = repo / f"run{number}"
            folder.mkdir()
            process.warm()
            ours.append(once_ms(partial(_captured, argv, folder)))
            floors.append(once_ms(partial(_redirected, argv, folder / "bare.txt")))
            (folder / "bare.txt").unlink()
            (folder / "stdout.txt").unlink()
        rate = megabytes / statistics.median(ours) * 1000
        floor = megabytes / statistics.median(floors) * 1000
        yield Figure("captured output", rate, "MB/s", floor, "at least 0.1 x", rate >= 0.1 * floor)
        yield Figure("secrets sought in a log", _sought(), "MB/s", rate)


def _sought() -> float:
    """MB/s of the filter alone, on text, with three values to look for."""
    from gates.redaction import Filter, redactor

    line = b"2026-11-24 12:00:00 INFO tests/x.py::test_something passed in 0.12 s: task-list\n"
    text = line * ((16 << 20) // len(line))
    pieces = [text[at : at + 65536] for at in range(0, len(text), 65536)]
    stream = Filter(redactor(tuple(f"{number}{'x' * 40}" for number in range(3))))
    return len(text) / 1000 / once_ms(lambda: [stream.feed(piece) for piece in pieces])


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
