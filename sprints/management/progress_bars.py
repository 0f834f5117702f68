"""Progress of long commands: a bar or a number on a terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EACH_S = 5.0  # between two lines in a pipe


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function that takes the bytes done and the bytes in all; None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, size: progress.update(task, completed=done, total=size)


@contextmanager
def number_of(what: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number so far; without a terminal, it prints lines."""
    if not sys.stderr.isatty():
        yield _lines(what)
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda count: status.update(f"{what}: {count}")


def _lines(what: str) -> Callable[[int], None]:
    """Return a function that prints the number to stderr, at most once in ``EACH_S`` seconds."""
    said_at = time.monotonic()

    def tell(count: int) -> None:
        nonlocal said_at
        if time.monotonic() >= said_at + EACH_S:
            said_at = time.monotonic()
            sys.stderr.write(f"{what}: {count}\n")

    return tell
