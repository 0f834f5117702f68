"""Stop an agent that does nothing any more, because it waits for an answer."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from gates import process
from gates.process import Stop
from sprints.agents.output_reader import last_lines
from sprints.prompts.exchange import Tick

QUIET = "no output and no CPU"
LOOK_S = 1.0
# A program that only waits still wakes up now and then.
SPENT_S, SHARE = 0.05, 0.01


class Quiet:
    """A tick that also stops a command which has neither printed nor computed for ``idle_s``.

    0 sets no limit. Where the system does not report CPU times, it never stops the command.
    """

    def __init__(
        self,
        tick: Tick,
        folder: Path,
        idle_s: float,
        *,
        spent: Callable[[Path], float | None] = process.spent_s,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick, self._folder, self._idle_s = tick, folder, idle_s
        self._spent, self._clock = spent, clock
        self._since = self._looked = clock()
        self._seen: tuple[int, ...] = ()
        self._mark: float | None = None
        self._stop: Stop | None = None

    def __call__(self) -> Stop | None:
        """Return the stop, if any."""
        stop = self._tick()
        if stop or not self._idle_s or self._stop:
            return stop or self._stop
        now = self._clock()
        if now - self._looked < min(LOOK_S, self._idle_s / 4):
            return None
        self._looked = now
        seen, spent = self._sizes(), self._spent(self._folder)
        if seen != self._seen or self._is_busy(spent, now):
            self._since, self._seen, self._mark = now, seen, spent
        elif now - self._since >= self._idle_s:
            last = last_lines(self._folder)
            said = f"; it had printed last: {last}" if last else ""
            self._stop = Stop(f"{QUIET} for {self._idle_s:g} s{said}", idle=True)
        return self._stop

    def _is_busy(self, spent: float | None, now: float) -> bool:
        if spent is None or self._mark is None:
            return True
        return abs(spent - self._mark) > SPENT_S + SHARE * (now - self._since)

    def _sizes(self) -> tuple[int, ...]:
        found = []
        for name in ("stdout.txt", "stderr.txt"):
            try:
                found.append(os.lstat(self._folder / name).st_size)
            except OSError:
                found.append(-1)
        return tuple(found)
