"""Progress display while a sprint runs: a live table on a terminal, lines in a pipe."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from django.core.management.base import OutputWrapper

from sprints.contract.json_types import JsonObject
from sprints.models import Event
from sprints.models.transitions import event_committed
from sprints.operations import StopRequest
from sprints.queries.sprints import look

if TYPE_CHECKING:
    from rich.console import Group

TAIL_BYTES = 2000


@contextmanager
def wishes_from_signals(wish: StopRequest, user: str) -> Iterator[None]:
    """Set the stop flags from signals: Ctrl-C cancels, a second one kills at once, SIGTERM and
    SIGHUP release the sprint.
    """

    def interrupted(number: int, frame: FrameType | None) -> None:
        if wish.cancel_by:
            wish.kill = True
        wish.cancel_by = user
        sys.stderr.write(
            "killing all processes\n"
            if wish.kill
            else "cancelling; press Ctrl-C again to kill at once\n"
        )

    def terminated(number: int, frame: FrameType | None) -> None:
        wish.hand_back = True

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name != "nt" else [])]
    before = {
        name: signal.signal(name, interrupted if name == signal.SIGINT else terminated)
        for name in names
    }
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def watched(sprint_id: str, out: OutputWrapper) -> Iterator[None]:
    """Show the sprint's events as they are committed by this process."""
    display = Live(sprint_id) if sys.stdout.isatty() else Plain(sprint_id, out)

    def show(sender: object, events: list[Event], **kwargs: object) -> None:
        for event in events:
            if event.sprint_id == sprint_id:
                display.tell(event.body)

    event_committed.connect(show, weak=False)
    try:
        with display:
            yield
    finally:
        event_committed.disconnect(show)


class Plain:
    """Print one line for each event."""

    def __init__(self, sprint_id: str, out: OutputWrapper) -> None:
        self.out = out

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass

    def tell(self, event: JsonObject) -> None:
        """Print one event."""
        code = (event["round_id"] or "").split("_")[0]
        self.out.write(f"{event['ts'][11:19]}  {code:<2}  {worded(event)}")
        self.out.flush()


def worded(event: JsonObject) -> str:
    """Return the event's message; for a gate, its verdict and duration."""
    if event["kind"] != "gate_finished":
        return str(event["message"])
    data = event["data"]
    return (
        f"gate {data['gate_id']}: {data['verdict']}, {data['reason']} ({data['duration_s']:.1f} s)"
    )


class Live:
    """Show a table of the rounds, and below it the last output line of what runs."""

    def __init__(self, sprint_id: str) -> None:
        from rich.live import Live as RichLive

        from sprints.contract.contract import ROUNDS
        from sprints.management.screen import Screen

        self.sprint_id = sprint_id
        self.rounds: dict[str, JsonObject] = {spec.code: {} for spec in ROUNDS}
        self.titles = {spec.code: spec.title for spec in ROUNDS}
        self.began = time.monotonic()
        self.asked = ""
        self.running: dict[str, str] = {}  # gates and their outputs, the latest last
        self.speaks: Path | None = None  # the output of a running agent command
        screen = Screen()
        self.live = RichLive(get_renderable=self.render, refresh_per_second=5, console=screen)

    def __enter__(self) -> None:
        for done in look(self.sprint_id).rounds:
            if done.status == "done" and done.started_at and done.finished_at:
                took_s = (done.finished_at - done.started_at).total_seconds()
                self.rounds[done.code] = {"status": "done", "began": 0.0, "ended": took_s}
        self.live.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.live.__exit__(kind, exc, trace)

    def tell(self, event: JsonObject) -> None:
        """Update the table for one event."""
        kind, data = event["kind"], event["data"]
        row = self.rounds.get(event["round_id"] or "", {})
        match kind:
            case "round_started":
                row.clear()
                row.update(status="running", began=time.monotonic(), gates={})
            case "round_done":
                row.update(status="done", ended=time.monotonic())
            case "task_started":
                self.asked = f"agent {data['agent']}"
                if "folder" in data:
                    self.speaks = Path(data["folder"]) / "runs" / str(data["try"])
            case "task_done" | "task_failed" | "task_asks" | "task_stopped" | "task_returned":
                self.asked, self.speaks = "", None
            case "gate_started":
                row.setdefault("gates", {})[data["gate_id"]] = "running"
                self.running[data["gate_id"]] = f"{data['gate_id']}/runs/{data['number']}"
            case "gate_finished":
                row.setdefault("gates", {})[data["gate_id"]] = data["verdict"]
                self.running.pop(data["gate_id"], None)
            case "error":
                row.update(status="failed", ended=time.monotonic())

    def render(self) -> "Group":
        """Return the table as of now."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for code, row in self.rounds.items():
            status = row.get("status", "")
            mark, style = MARKS.get(status, ("·", "dim"))
            took = row.get("ended", time.monotonic()) - row["began"] if "began" in row else None
            gates = ", ".join(f"{gate} {verdict}" for gate, verdict in row.get("gates", {}).items())
            table.add_row(
                Text(mark, style),
                Text(code.split("_")[0], style),
                Text(self.titles[code], style),
                "" if took is None else f"{took:.1f} s",
                gates,
            )
        whole = time.monotonic() - self.began
        doing = f"gate {', '.join(self.running)}" if self.running else self.asked
        now = Text(f"{self.sprint_id}  {whole:.0f} s  {doing}", "bold", no_wrap=True)
        return Group(table, now, Text(self._last_line(), "dim", no_wrap=True, overflow="ellipsis"))

    def _last_line(self) -> str:
        if not self.running:
            return _last_of(self.speaks) if self.speaks else ""
        from django.conf import settings

        last = [*self.running.values()][-1]
        folder = settings.STORE.evidence_of(self.sprint_id) / "gates" / last
        return _last_of(folder)


MARKS = {"running": ("▶", "cyan"), "done": ("✓", "green"), "failed": ("✗", "red")}


def _last_of(folder: Path) -> str:
    return last_line(folder / "stdout.txt") or last_line(folder / "stderr.txt")


def last_line(path: Path) -> str:
    """Return the last line with text of a growing file, without control characters."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    return "".join(c for c in lines[-1] if c.isprintable()) if lines else ""
