"""The terminal's screen: status colours, and tables that keep ids on one line."""

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

IDS = frozenset("agent delivery gate hook schedule sprint token user".split()) | {"last sprint"}
LEAST = 10  # minimum width of a column that folds; less if its cells are shorter
GAP = 2

COLOURS = {
    "succeeded": "green",
    "passed": "green",
    "done": "green",
    "delivered": "green",
    "good": "green",
    "running": "cyan",
    "in_progress": "cyan",
    "failed": "red",
    "error": "red",
    "timed_out": "red",
    "blocked": "yellow",
    "paused": "yellow",
    "queued": "yellow",
    "cancelled": "yellow",
    "dropped": "yellow",
    "expired": "yellow",
    "revoked": "yellow",
    "interrupted": "yellow",
}


class Screen(Console):
    """A console that prints data as it is: ``[red]`` and ``:smile:`` in a text are no markup.

    It raises ``BrokenPipeError`` when the reader has closed the pipe.
    """

    def __init__(self, *, soft_wrap: bool = False, stderr: bool = False) -> None:
        super().__init__(soft_wrap=soft_wrap, stderr=stderr, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Raise ``BrokenPipeError``, for the command line to handle."""
        raise BrokenPipeError


def coloured(status: str) -> Text:
    """Return a status in its colour."""
    return Text(status, COLOURS.get(status, "dim"))


def new_table(*columns: str, title: str | None = None) -> Table:
    """Return an empty table. Columns of ids never fold; the other columns do."""
    table = Table(
        box=None, title=title, title_justify="left", header_style="dim", padding=(0, GAP, 0, 0)
    )
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in IDS)
    return table


def print_table(table: Table) -> None:
    """Print ``table``, wider than the terminal if the ids need that, so that they can be copied."""
    for column in table.columns:
        longest = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
        column.min_width = longest if column.no_wrap else min(longest, LEAST)
    least = sum((column.min_width or 0) + GAP for column in table.columns)
    console = Screen()
    console.width = max(console.width, least)
    console.print(table)
