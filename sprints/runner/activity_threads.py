"""Run the gates, agents and hooks of one sprint in threads, watched by the runner's thread."""

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
    """Threads that run the gates, agents and hooks of one sprint, by their ids.

    They never use the database: the runner's thread receives one outcome at a time and records it.
    """

    def __init__(self) -> None:
        self._threads: dict[str, threading.Thread] = {}
        self._answers: SimpleQueue[tuple[str, Action, Outcome | BaseException]] = SimpleQueue()
        self._stop: Stop | None = None
        self._watched_at = time.monotonic()

    @property
    def ids(self) -> Collection[str]:
        """Return the ids of the runs that are under way."""
        return self._threads.keys()

    def begin(self, run_id: str, action: Action, act: Callable[[], Outcome]) -> None:
        """Run ``act`` in a thread. Raises ``OSError`` if no thread can be started."""
        self._start(run_id, act, lambda outcome: self._answers.put((run_id, action, outcome)))

    def alone(self, act: Callable[[], Outcome], watch: Callable[[], Stop | None]) -> Outcome:
        """Run ``act`` in a thread and wait for it, whatever else is under way.

        Until then ``watch`` is called as in ``next_outcome``, because ``act`` may outlast a lease.
        Raises what ``act`` raises, and ``OSError`` if no thread can be started.
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
        except RuntimeError as exc:  # a passing shortage, not a bug
            raise OSError(str(exc)) from exc
        self._threads[name] = thread

    def stop_requested(self) -> Stop | None:
        """Return the stop for a gate, if any; every gate calls this several times a second."""
        if time.monotonic() - self._watched_at > TTL_S:
            return Stop("its worker could not look after it")
        return self._stop

    def next_outcome(self, watch: Callable[[], Stop | None]) -> tuple[Action, Outcome]:
        """Wait for the first gate to end; meanwhile ``watch`` may stop all of them.

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
        """Stop everything that still runs."""
        self._stop = Stop("interrupted", kill=True)
        for thread in self._threads.values():
            thread.join(END_S)
