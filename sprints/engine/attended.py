"""The gates that a carrier has under way: each in a thread, while the carrier's own keeps watch."""

import threading
import time
from collections.abc import Callable, Collection
from queue import Empty, SimpleQueue

from gates.process import Stop
from sprints.engine.actions import Action, Outcome
from sprints.models.lease import TTL_S

TICK_S = 0.2
END_S = 60.0


class Attended:
    """Gate runs by their ids. Their threads never meet the database: what is to be recorded comes
    back to the carrier's thread, one outcome at a time.
    """

    def __init__(self) -> None:
        self._threads: dict[str, threading.Thread] = {}
        self._answers: SimpleQueue[tuple[str, Action, Outcome | BaseException]] = SimpleQueue()
        self._stop: Stop | None = None
        self._watched_at = time.monotonic()

    @property
    def ids(self) -> Collection[str]:
        """The runs that are under way."""
        return self._threads.keys()

    def begin(self, run_id: str, action: Action, act: Callable[[], Outcome]) -> None:
        """Have ``act`` done beside us. Raises ``OSError`` where there is no thread to be had."""

        def attend() -> None:
            try:
                self._answers.put((run_id, action, act()))
            except BaseException as exc:
                self._answers.put((run_id, action, exc))

        self._watched_at = time.monotonic()
        thread = threading.Thread(target=attend, name=run_id, daemon=True)
        try:
            thread.start()
        except RuntimeError as exc:  # a shortage that may pass, not a fault of ours
            raise OSError(str(exc)) from exc
        self._threads[run_id] = thread

    def heed(self) -> Stop | None:
        """Asked by every gate several times a second: whether it shall end."""
        if time.monotonic() - self._watched_at > TTL_S:
            return Stop("its worker could not look after it")
        return self._stop

    def next_outcome(self, watch: Callable[[], Stop | None]) -> tuple[Action, Outcome]:
        """Wait for the gate that ends first; until then ``watch`` says whether all shall end.

        Raises what a gate's thread has raised.
        """
        while True:
            self._stop = watch()
            self._watched_at = time.monotonic()
            try:
                run_id, action, outcome = self._answers.get(timeout=TICK_S)
            except Empty:
                continue
            self._threads.pop(run_id).join()
            if isinstance(outcome, BaseException):
                raise outcome
            return action, outcome

    def end(self) -> None:
        """Leave nothing running, whatever has happened to us."""
        self._stop = Stop("interrupted", kill=True)
        for thread in self._threads.values():
            thread.join(END_S)
