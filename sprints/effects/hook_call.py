"""Run a blocking hook, or recover the attempt that a crash left."""

import json
import time
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from gates import evidence, fault_points, process
from sprints.core.actions import RunHook
from sprints.core.blocking_hooks import LOST, open_delivery
from sprints.effects.context import EffectContext
from sprints.hooks import KINDS, command
from sprints.hooks.delivery_values import DeliveryAttempt, Tick
from sprints.state.delivery_result import DeliveryResult
from sprints.state.messages import message
from sprints.state.snapshot import DeliveryValue, Snapshot

LOOK_S = 0.2


def run(snapshot: Snapshot, action: RunHook, world: EffectContext) -> DeliveryResult:
    """Run one attempt, after the delay that follows a failed one."""
    row, hook = open_delivery(snapshot, action), snapshot.started_contract.hook(action.hook_id)
    wait_s = (row.next_at - world.clock()).total_seconds() if row.next_at else 0.0
    if not _waited(min(wait_s, hook.wait_s(row.failures)), world.tick):
        return DeliveryResult(False, message("outcome.hook_not_begun"), stopped=True)
    letter = DeliveryAttempt(
        hook=hook,
        secret="",
        delivery_id=row.id,
        text=row.payload,
        payload=json.loads(row.payload),
        repo=world.repo,
        folder=_folder(snapshot, row),
        token=_token(row),
        before="",
        not_after=world.not_after(),
    )
    fault_points.point("hook_spawned")
    answer = KINDS[hook.kind].deliver(letter, world.tick)
    fault_points.point("hook_exited")
    return _with_digests(answer, letter.folder)


def recover(snapshot: Snapshot, row: DeliveryValue) -> DeliveryResult:
    """Return the result of an attempt that an earlier process left, after ending its processes."""
    folder = _folder(snapshot, row)
    done = process.recover(folder, _token(row))
    return _with_digests(command.answer(done, folder) if done else LOST, folder)


def _with_digests(answer: DeliveryResult, folder: Path) -> DeliveryResult:
    place = settings.STORE.place_of(folder)
    return replace(answer, outputs=evidence.digests(folder), place=place)


def _folder(snapshot: Snapshot, row: DeliveryValue) -> Path:
    return Path(snapshot.sprint.artifacts_dir) / "hooks" / row.id / str(row.tries)


def _token(row: DeliveryValue) -> str:
    return f"{row.id}@{row.tries}"


def _waited(seconds: float, tick: Tick) -> bool:
    """Wait ``seconds``; return False if asked to stop before."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if tick():
            return False
        time.sleep(min(LOOK_S, left))
    return True
