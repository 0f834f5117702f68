"""Explore every path under a contract, breadth first, in search of a broken invariant.

The state space is small enough to explore in full: every verdict, stop, cancel, pause, crash,
missed deadline and retry at every point. A finding shows the shortest path.
"""

import gc
import math
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sprints.contract.contract import Contract
from sprints.core.wait_reason import wait_of
from sprints.modelcheck.invariants import PROMISES
from sprints.modelcheck.model import ENGINE, FREE, WORLD, State, Step, begin
from sprints.modelcheck.state_key import state_key
from sprints.modelcheck.successors import steps
from sprints.state.actors import GATEWAY

MOST_STATES = 500_000
EACH = 500
FALLS, ENDS, OWNERS = "never falls over", "every path ends", "every wait has an owner"
NAMES = (*PROMISES, FALLS, ENDS)


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken invariant, and the steps that lead there from the start."""

    promise: str
    text: str
    timeline: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an exploration. If not ``complete``, nothing is proved."""

    states: int
    steps: int
    took_s: float
    complete: bool
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Return whether every invariant is proved."""
        return self.complete and not self.findings


@dataclass(slots=True)
class _Exploration:
    """The explored states, with their first predecessors and their unforced successors."""

    came: list[tuple[int, str]] = field(default_factory=list)
    onward: list[list[tuple[int, str]]] = field(default_factory=list)
    found: dict[str, Finding] = field(default_factory=dict)
    steps: int = 0

    def add(self, before: int, text: str) -> int:
        self.came.append((before, text))
        self.onward.append([])
        return len(self.came) - 1

    def timeline(self, number: int, *more: str) -> tuple[str, ...]:
        recorded = list(more)
        while number > 0:
            number, text = self.came[number]
            recorded.insert(0, text)
        return tuple(recorded)

    def breaks(self, state: State, step: Step, number: int) -> bool:
        """Record the invariants that the step breaks; return whether there are any."""
        if step.after is None:
            self.tell(FALLS, f"{step.text}: {step.fault}", number, step.text)
            return True
        broken = False
        for promise, holds in PROMISES.items():
            for text in holds(state, step, step.after):
                self.tell(promise, text, number, step.text)
                broken = True
        return broken

    def look_for_circles(self) -> None:
        """Record a path that returns to its start without an outside cause: it would never end."""
        open_, done = 1, 2
        seen = bytearray(len(self.onward))
        for root in range(len(self.onward)):
            if seen[root]:
                continue
            path, rests = [(root, "")], [iter(self.onward[root])]
            seen[root] = open_
            while path:
                there, text = next(rests[-1], (-1, ""))
                if there < 0:
                    seen[path.pop()[0]] = done
                    rests.pop()
                elif seen[there] == open_:
                    at = [number for number, _ in path].index(there)
                    circle = [words for _, words in path[at + 1 :]]
                    words = "the path returns to an earlier state, so it never ends"
                    self.tell(ENDS, words, there, *circle, text, "… and so on")
                    return
                elif not seen[there]:
                    seen[there] = open_
                    path.append((there, text))
                    rests.append(iter(self.onward[there]))

    def tell(self, promise: str, text: str, number: int, *more: str) -> None:
        if promise not in self.found:
            self.found[promise] = Finding(promise, text, self.timeline(number, *more))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Hold garbage collection: it would go over every explored state, and they form no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_without_collection()
def explore(
    contract: Contract,
    most_states: int = MOST_STATES,
    tell: Callable[[int], None] | None = None,
    kinds: Collection[str] = (),
    until: str = "",
    end: float = math.inf,
) -> Report:
    """Explore every path of a sprint under ``contract``.

    ``tell`` receives now and then the number of states. The behaviour of agent commands that are
    asked one of ``kinds`` is explored; all other agents answer at once. The exploration ends at
    once if the invariant ``until`` is broken, or at ``end`` (monotonic, seconds).
    """
    began = time.monotonic()
    exploration = _Exploration()
    first = begin(contract, kinds)
    numbers = {state_key(first): exploration.add(0, "")}
    todo, look = deque([(0, first)]), EACH
    while todo and len(numbers) <= most_states and until not in exploration.found:
        if time.monotonic() >= end:
            break
        number, state = todo.popleft()
        if tell and number % EACH == 0:
            tell(len(numbers))
        if until == ENDS and len(numbers) >= look:
            exploration.look_for_circles()
            look *= 2
        carried = False
        for step in steps(state):
            exploration.steps += 1
            carried = carried or step.by in (ENGINE, WORLD)
            if exploration.breaks(state, step, number) or step.after is None:
                continue
            there = state_key(step.after)
            if there not in numbers:
                numbers[there] = exploration.add(number, step.text)
                todo.append((numbers[there], step.after))
            if step.by != FREE:
                exploration.onward[number].append((numbers[there], step.text))
        if state.snapshot.sprint.status == "running" and not carried:
            waits = wait_of(state.snapshot)
            if not waits or waits["who"] == GATEWAY:
                exploration.tell(OWNERS, "nothing runs, and the sprint waits for no one", number)
    exploration.look_for_circles()
    took_s = time.monotonic() - began
    return Report(
        len(numbers), exploration.steps, took_s, not todo, tuple(exploration.found.values())
    )
