"""Read the usage that a command reports in its output, also while it runs."""

import math
import time
from collections.abc import Callable
from pathlib import Path

from gates.process import Stop
from gates.untrusted_file import open_regular
from sprints.agents.output_reader import end_of, holds, json_of, objects, values
from sprints.contract.json_types import JsonMapping, JsonValue
from sprints.contract.output_rules import COUNTS
from sprints.contract.token_usage import DIGITS, MOST, Usage
from sprints.prompts.exchange import Tick

PART_BYTES = 1 << 20
LINE_BYTES = 4 << 20  # longer lines are ignored
LOOK_S = 1.0


class Meter:
    """A reader of a growing file of JSON lines, which reads each line once."""

    def __init__(self, path: Path, rules: JsonMapping) -> None:
        self._path, self._rules = path, rules
        self._at, self._line, self._skips = 0, b"", False
        self._last: dict[str, float] = {}
        self._each: dict[object, dict[str, float]] = {}

    def read(self) -> Usage | None:
        """Return the usage in all complete lines so far; None if there is none."""
        try:
            with open_regular(self._path) as file:
                file.seek(self._at)
                while part := file.read(PART_BYTES):
                    self._at += len(part)
                    self._split(part)
        except OSError:
            pass  # the command may have replaced the file
        return self.usage

    def end(self) -> Usage | None:
        """Return the usage in the whole output, with an incomplete last line or as one value."""
        self.read()
        self._split(b"\n")
        if self.usage is None:
            for one in reversed([*objects(end_of(self._path))]):
                self._take(one)
        return self.usage

    def _split(self, part: bytes) -> None:
        *lines, rest = part.split(b"\n")
        for line in lines:
            if not self._skips:
                for one in json_of(self._line + line):
                    self._take(one)
            self._line, self._skips = b"", False
        if len(self._line) + len(rest) > LINE_BYTES:
            self._line, self._skips = b"", True
        elif not self._skips:
            self._line += rest

    def _take(self, value: JsonValue) -> None:
        for name in ("last", "each"):
            rule = self._rules.get(name)
            if rule is None or not holds(value, rule) or not (reported := _counted(value, rule)):
                continue
            if name == "last":
                self._last = reported
            else:
                known = [*values(value, rule["by"])][:1] if "by" in rule else []
                self._each[repr(known[0]) if known else len(self._each)] = reported

    @property
    def usage(self) -> Usage | None:
        """Return the final record's usage; values that it lacks come from the messages."""
        if not self._last and not self._each:
            return None
        reported: dict[str, float] = {}
        for one in self._each.values():
            for name, number in one.items():
                reported[name] = reported.get(name, 0) + number
        reported |= self._last
        whole = {name: min(MOST, int(reported.get(name, 0))) for name in COUNTS}
        cost = round(min(MOST, reported["cost_usd"]), DIGITS) if "cost_usd" in reported else None
        source = "last" if self._last else "each"
        return Usage(whole["input"], whole["cached"], whole["output"], cost, source)


def _counted(value: JsonValue, rule: JsonMapping) -> dict[str, float]:
    found = {}
    for name in COUNTS:
        paths = rule.get(name, [])
        paths = [paths] if isinstance(paths, str) else paths
        numbers = [one for path in paths for one in values(value, path) if _is_number(one)]
        if numbers:
            found[name] = sum(numbers)
    return found


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value) and 0 <= value <= MOST


def used(folder: Path, reading: JsonMapping | None) -> Usage | None:
    """Return the usage that the command in that folder has reported; None if there is none."""
    rules = (reading or {}).get("usage")
    return Meter(folder / "stdout.txt", rules).end() if rules else None


class Allowance:
    """A tick that also stops a command whose reported usage has reached the sprint's rest.

    It looks about once a second, so the last message may exceed the budget. A final record comes
    too late to stop the command.
    """

    def __init__(
        self,
        tick: Tick,
        folder: Path,
        reading: JsonMapping | None,
        tokens: float,
        usd: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        each = (reading or {}).get("usage", {}).get("each")
        self._meter = Meter(folder / "stdout.txt", {"each": each}) if each else None
        self._tick, self._clock, self._looked = tick, clock, clock()
        self._tokens, self._usd = tokens, usd
        self._stop: Stop | None = None

    def __call__(self) -> Stop | None:
        """Return the stop, if any."""
        stop = self._tick() or self._stop
        now = self._clock()
        if stop or self._meter is None or now - self._looked < LOOK_S:
            return stop
        self._looked = now
        if usage := self._meter.read():
            if usage.tokens >= self._tokens:
                self._stop = Stop(f"{ENDED.format('tokens')}: {usage.tokens} in this try")
            elif (usage.cost_usd or 0.0) >= self._usd:
                self._stop = Stop(f"{ENDED.format('money')}: {usage.cost_usd:g} USD in this try")
        return self._stop


ENDED = "the sprint's {} for agents ended"
