"""The gates that a carrier has under way: each in a thread, while the carrier's own keeps watch."""

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from gates.process import Stop
from sprints.core.actions import Action, Outcome
from sprints.models.lease import TTL_S

TICK_S = 0.2
END_S = 60.0
ALONE = "what is recovered"

Answer = TypeVar("Answer")


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
        self._start(run_id, act, lambda outcome: self._answers.put((run_id, action, outcome)))

    def alone(self, act: Callable[[], Outcome], watch: Callable[[], Stop | None]) -> Outcome:
        """Have ``act`` done and wait for it, whatever else is under way; until then ``watch`` is
        called as below, for it may take longer than a lease. Raises what ``act`` raises, and
        ``OSError`` where there is no thread to be had.
        """
        answers: SimpleQueue[Outcome | BaseException] = SimpleQueue()
        self._start(ALONE, act, answers.put)
        return self._ended(ALONE, self._watched(answers, watch))

    def _start(
        self,
        name: str,
        act: Callable[[], Outcome],
        answer: Callable[[Outcome | BaseException], None],
    ) -> None:
        def attend() -> None:
            try:
                answer(act())
            except BaseException as exc:
                answer(exc)

        self._watched_at = time.monotonic()
        thread = threading.Thread(target=attend, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as exc:  # a shortage that may pass, not a fault of ours
            raise OSError(str(exc)) from exc
        self._threads[name] = thread

    def heed(self) -> Stop | None:
        """Asked by every gate several times a second: whether it shall end."""
        if time.monotonic() - self._watched_at > TTL_S:
            return Stop("its worker could not look after it")
        return self._stop

    def next_outcome(self, watch: Callable[[], Stop | None]) -> tuple[Action, Outcome]:
        """Wait for the gate that ends first; until then ``watch`` says whether all shall end.

        Raises what a gate's thread has raised.
        """
        run_id, action, outcome = self._watched(self._answers, watch)
        return action, self._ended(run_id, outcome)

    def _watched(self, answers: SimpleQueue[Answer], watch: Callable[[], Stop | None]) -> Answer:
        while True:
            self._stop = watch()
            self._watched_at = time.monotonic()
            with suppress(Empty):
                return answers.get(timeout=TICK_S)

    def _ended(self, name: str, outcome: Outcome | BaseException) -> Outcome:
        self._threads.pop(name).join()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def end(self) -> None:
        """Leave nothing running, whatever has happened to us."""
        self._stop = Stop("interrupted", kill=True)
        for thread in self._threads.values():
            thread.join(END_S)
