"""Run a sprint as far as possible: the loop around decide, perform, reduce and record."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from gates import fault_points, process
from gates.process import Interrupted, Stop
from sprints.contract.json_types import JsonObject
from sprints.core import commands
from sprints.core.actions import (
    Action,
    Ask,
    Begun,
    Merge,
    Outcome,
    Publish,
    RecoverShip,
    RunGate,
    RunHook,
)
from sprints.core.agent_tasks import open_task
from sprints.core.blocking_hooks import open_delivery
from sprints.core.decide import decide
from sprints.core.gate_runs import open_run
from sprints.core.pending import awaited
from sprints.core.reducer import needs_effect, reduce
from sprints.core.shipping import PUBLISHES, SHIP
from sprints.core.wait_reason import with_wait_reason
from sprints.effects.context import EffectContext
from sprints.effects.perform import is_instant, perform
from sprints.models import Event, Sprint
from sprints.models.db_retry import Answer, impatient, patiently
from sprints.models.event import named_in_record
from sprints.models.lease import BEAT_S, TTL_S, Lease, release, renew
from sprints.models.loading import load
from sprints.models.transitions import record, runner_idle
from sprints.runner.activity_threads import Attended
from sprints.state.snapshot import Snapshot, evolve
from sprints.state.transitions import ExpectedVersion, MoveRefused, Transition
from sprints.store.config_values import current_config
from sprints.store.layout import StoreError

LOOK_S = 0.5
REFUSALS = 3  # of a sprint that no other process changes meanwhile
AWAY_S = 30.0  # seconds that the database may be away between two steps


class Stuck(Exception):
    """The rows refuse the decided step: the loop would never end."""


class LeaseLost(Exception):
    """Another process runs the sprint now; this runner's last transitions were refused."""


@dataclass(slots=True)
class StopRequest:
    """Stop flags set by signal handlers.

    ``cancel_by`` cancels the sprint. ``hand_back`` stops here and leaves the sprint running for the
    next process. ``kill`` cuts the grace of everything that still runs.
    """

    cancel_by: str = ""
    hand_back: bool = False
    kill: bool = False


def run_sprint(
    lease: Lease, wish: StopRequest, snapshot: Snapshot | None = None, *, one_round: bool = False
) -> Snapshot:
    """Run the lease's sprint as far as possible, then release the lease. Raises ``LeaseLost``.

    ``snapshot`` is the sprint's present state, if the caller has just read it.
    """
    try:
        process.warm()
        process.sweep_orphans()
        snapshot = snapshot or load(lease.sprint_id, timezone.now())
        runner = SprintRunner(lease, snapshot, settings.STORE.repo, wish)
        return runner.run(one_round=one_round)
    finally:
        with suppress(DatabaseError):  # the lease expires
            release(lease)


class SprintRunner:
    """The runner of one sprint in this process, under its lease."""

    def __init__(self, lease: Lease, snapshot: Snapshot, repo: Path, wish: StopRequest) -> None:
        self.lease = lease
        self.snapshot = snapshot
        self.wish = wish
        self.attended = Attended()
        self._publishing: JsonObject = {}  # names the event that announces it
        self.world = EffectContext(
            repo,
            self.attended.stop_requested,
            self._not_after,
            chain=lambda: self._publishing,
            leaves=self._leaves,
        )
        self._asked: dict[Action, str] = {}  # by action, the awaited run or attempt
        self._lost = self._held = False
        self._cancel_asked = False
        self._looked, self._renewed = time.monotonic(), lease.since

    def run(self, *, one_round: bool = False) -> Snapshot:
        """Run until the sprint ends, or its current round does, or a release is requested.

        Raises ``LeaseLost`` if another process holds the lease, ``StoreError`` if the store is
        gone.
        """
        until = self.snapshot.sprint.current_round if one_round else None
        try:
            return self._run(until)
        finally:
            self.attended.end()

    def _run(self, until: str | None) -> Snapshot:
        answered: tuple[Action, Outcome] | None = None
        refused = 0
        while True:
            try:
                action = self._patiently(partial(self._advance, answered, until))
            except MoveRefused as exc:
                before = self.snapshot.version
                self._patiently(self._read_again)
                refused = refused + 1 if self.snapshot.version == before else 0
                if refused >= REFUSALS:
                    raise Stuck(str(exc)) from exc
                if answered and awaited(self.snapshot, answered[0]) != self._asked[answered[0]]:
                    answered = None  # recorded already: only the database's answer was lost
                continue
            answered, refused = None, 0
            if action:
                self._asked[action] = awaited(self.snapshot, action)
            if isinstance(action, Ask | RunGate | RunHook | Merge | Publish):
                act = partial(perform, self.snapshot, action, self.world)
                self.attended.begin(self._begun(action), action, act)
            elif action:
                if isinstance(action, RecoverShip):
                    self._patiently(self._find_publishing)
                act = partial(perform, self.snapshot, action, self.world)
                alone = partial(self.attended.alone, act, self._tick)
                if outcome := self._unless_interrupted(alone):
                    answered = action, outcome
            elif self.attended.ids:
                next_outcome = partial(self.attended.next_outcome, self._tick)
                answered = self._unless_interrupted(next_outcome)
            else:
                return self.snapshot

    def _unless_interrupted(self, wait: Callable[[], Answer]) -> Answer | None:
        """Return what ``wait`` returns; None if git was stopped meanwhile.

        The action then has no outcome, and is recovered by this or the next process.
        """
        try:
            return wait()
        except Interrupted:
            self._patiently(self._read_again)
            return None

    def _begun(self, action: Ask | RunGate | RunHook | Merge | Publish) -> str:
        """Return the id of the run, task or delivery that the action has begun."""
        if isinstance(action, Merge | Publish):
            return SHIP
        if isinstance(action, Ask):
            return open_task(self.snapshot, action.agent).id
        if isinstance(action, RunHook):
            return open_delivery(self.snapshot, action).id
        return open_run(self.snapshot, action.gate_id).id

    def _patiently(self, act: Callable[[], Answer]) -> Answer:
        return patiently(act, AWAY_S, lambda: self.wish.hand_back)

    def _advance(self, answered: tuple[Action, Outcome] | None, until: str | None) -> Action | None:
        """Reduce an outcome and all following bookkeeping actions, and record them at once.

        Return the action with an outside effect that has begun with it; None if there is none.
        """
        self._still_there()
        self._settle_in()
        self._pass_on_cancel()
        at = timezone.now()
        snapshot = replace(self.snapshot, at=at)
        moves: list[Transition] = []
        if answered:
            moves = reduce(snapshot, *answered)
            snapshot = evolve(snapshot, moves, at)
        action = None
        while not self._enough(snapshot, until) and (action := decide(snapshot, self.attended.ids)):
            begun = reduce(snapshot, action, Begun(at))
            moves += begun
            snapshot = evolve(snapshot, begun, at)
            if not needs_effect(action):
                action = None
            elif is_instant(snapshot, action):
                done = reduce(snapshot, action, perform(snapshot, action, self.world))
                moves += done
                snapshot = evolve(snapshot, done, at)
                action = None
            else:
                break
        if moves:
            self._record(moves, at)
        if answered:
            fault_points.point("verdict_committed")
        return action

    def _still_there(self) -> None:
        """Raise ``StoreError`` if the store was deleted, and read the settings again.

        A database whose file was deleted would go on accepting rows. While config.json cannot be
        read, as when an editor has half saved it, the old settings hold.
        """
        if not settings.STORE.config.is_file():
            raise StoreError(f"the store was deleted while sprint {self.lease.sprint_id} ran")
        with suppress(StoreError):
            self._held = current_config().automation_paused

    def _not_after(self) -> float:
        """Return until when (monotonic) the lease is certainly ours.

        Later, another process may run the sprint, or a cancel may be recorded.
        """
        return self._renewed + TTL_S

    def _leaves(self) -> Stop | None:
        """Return the stop of a publication: a release, or a cancel that is not recorded in it.

        Once the sprint is cancelled, what has been published is found out to the end.
        """
        is_cancelled = self.wish.cancel_by or self._cancel_asked
        if is_cancelled and not self.snapshot.sprint.cancel_by:
            return self.attended.stop_requested()
        return self.attended.stop_requested() if self.wish.hand_back or self._lost else None

    def _enough(self, snapshot: Snapshot, until: str | None) -> bool:
        if self.wish.hand_back or (self._held and not snapshot.sprint.cancel_by):
            return True
        return until is not None and snapshot.sprint.current_round != until

    def _read_again(self) -> None:
        self.snapshot = load(self.lease.sprint_id, timezone.now())
        token = Sprint.objects.values_list("lease_token", flat=True).get(pk=self.lease.sprint_id)
        if token != self.lease.token:
            raise LeaseLost(f"sprint {self.lease.sprint_id} was taken by another process")

    def _pass_on_cancel(self) -> None:
        """Record our own operator's cancel before the next step."""
        sprint = self.snapshot.sprint
        if self.wish.cancel_by and sprint.status == "running" and not sprint.cancel_by:
            at = timezone.now()
            self._record([commands.cancel(self.snapshot, self.wish.cancel_by, at)], at)

    def _settle_in(self) -> None:
        """Keep the sprint's evidence in the store of its present runner."""
        sprint, here = self.snapshot.sprint, settings.STORE.evidence_of(self.lease.sprint_id)
        if sprint.status == "running" and sprint.artifacts_dir != str(here):
            self._record([commands.settle_in(self.snapshot, str(here))], timezone.now())

    def _record(self, moves: list[Transition], at: datetime) -> None:
        moves = with_wait_reason(self.snapshot, moves, at)
        hold = ExpectedVersion(self.snapshot.version, self.lease.token)
        for event in record(self.lease.sprint_id, moves, hold, at):
            if event.kind == PUBLISHES:
                self._publishing = named_in_record(event)
        after = evolve(self.snapshot, moves, at)
        self.snapshot = replace(after, version=after.version + 1)

    def _find_publishing(self) -> None:
        """Read the event of a publication that an earlier process has announced."""
        recorded = Event.objects.filter(sprint_id=self.lease.sprint_id, kind=PUBLISHES)
        if event := recorded.order_by("-seq").first():
            self._publishing = named_in_record(event)

    def _tick(self) -> Stop | None:
        """Renew the lease and look for a cancel while gates run; return the stop, if any.

        It must return soon: a gate whose worker gives no sign of life is stopped.
        """
        now = time.monotonic()
        try:
            with impatient(LOOK_S):
                runner_idle.send_robust(sender=SprintRunner)
                self._look(now)
        except DatabaseError:
            connection.close()  # the database may come back, but not on this connection
        if self._lost:
            return Stop("the sprint was taken by another process")
        if now - self._renewed > TTL_S:
            return Stop(f"the database has been away for {TTL_S:g} s")
        if self.wish.cancel_by or self._cancel_asked:
            return Stop("cancelled", kill=self.wish.kill)
        if self.wish.hand_back:
            return Stop("the gateway stops", kill=self.wish.kill)
        return None

    def _look(self, now: float) -> None:
        if now - self._renewed >= BEAT_S:
            self._lost = not renew(self.lease)
            self._renewed = now
        if now - self._looked >= LOOK_S:
            self._looked = now
            rows = Sprint.objects.filter(pk=self.lease.sprint_id)
            self._cancel_asked = bool(rows.values_list("cancel_by", flat=True).get())
