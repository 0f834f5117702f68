"""Tables for people at a terminal; a pipe gets the same text without colour."""

import shlex
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from rich.text import Text

from gates.models import Gate
from gates.network import NONE, typed
from sprints.contract.budget import Spending
from sprints.contract.git_values import branch_of
from sprints.contract.json_types import JsonObject
from sprints.management.screen import Screen, coloured, new_table, print_table
from sprints.models import Agent, Hook
from sprints.queries.durations import Times
from sprints.queries.snapshots import is_shipped, paused_by, spent
from sprints.queries.sprints import Listed
from sprints.state.snapshot import Snapshot
from sprints.state.wait_reason import Wait
from sprints.store.clones import seen_of

if TYPE_CHECKING:
    from sprints.health.doctor import Finding


def took(start: datetime | None, end: datetime | None) -> str:
    """Return a duration in its two largest units, empty without a start or an end."""
    return "" if start is None or end is None else human((end - start).total_seconds())


def human(seconds: float) -> str:
    """Return ``seconds`` in the two largest units."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def findings(found: Iterable["Finding"]) -> None:
    """Print the findings of doctor, with the fix below each problem."""
    console = Screen()
    for one in found:
        mark, style = {"ok": ("✓", "green"), "warn": ("!", "yellow")}.get(one.level, ("✗", "red"))
        console.print(Text.assemble((mark, style), f" {one.check:<10} {one.text}"), soft_wrap=True)
        if one.remedy:
            console.print(Text(f"  {'':<10} → {one.remedy}", style), soft_wrap=True)


def gates(rows: Iterable[Gate], flaky: dict[str, int]) -> None:
    """Print all gates; ``flaky`` is the number of trees that each gate has failed and passed."""
    table = new_table("gate", "command", "rounds", "profiles", "timeout", "")
    for row in rows:
        flags = [] if row.required else ["advisory"]
        flags += [f"flaky {flaky[row.gate_id]}"] if flaky[row.gate_id] else []
        network = typed(row.definition.network)
        flags += [f"network {network}"] if network != NONE else []
        table.add_row(
            row.gate_id,
            shlex.join(row.command),
            " ".join(code.split("_")[0] for code in row.rounds),
            " ".join(row.profiles),
            f"{row.timeout_s:g} s",
            " ".join(flags if row.enabled else [*flags, "off"]),
        )
    print_table(table)


def agents(rows: Iterable[Agent], states: dict[str, str]) -> None:
    """Print all agents; ``states`` are their states in a sprint, or empty."""
    table = new_table("agent", "title", "runner", "command", "timeout", "state" if states else "")
    for row in rows:
        table.add_row(
            row.agent_id,
            row.title,
            row.runner,
            shlex.join(row.command),
            f"{row.timeout_s:g} s" if row.command else "",
            states.get(row.agent_id, ""),
        )
    print_table(table)


def hooks(rows: Iterable[Hook]) -> None:
    """Print all hooks."""
    table = new_table("hook", "events", "kind", "target", "delivery", "")
    for row in rows:
        hook = row.definition
        table.add_row(
            hook.hook_id,
            " ".join(hook.points),
            hook.kind,
            hook.shown,
            f"{hook.timeout_s:g} s, {hook.tries} attempts, {hook.backoff_s:g} s apart",
            " ".join(["blocking"] * hook.blocking + ["off"] * (not row.enabled)),
        )
    print_table(table)


def deliveries(rows: Iterable[JsonObject]) -> None:
    """Print deliveries."""
    table = new_table(
        "delivery", "hook", "event", "sprint", "status", "attempts", "created", "reason"
    )
    for row in rows:
        table.add_row(
            row["id"],
            row["hook_id"],
            row["point"],
            row["sprint_id"],
            coloured(row["status"]),
            str(row["tries"]),
            row["created_ts"][:19].replace("T", " "),
            row["reason"],
        )
    print_table(table)


def sprints(rows: list[Listed]) -> None:
    """Print sprints."""
    console = Screen()
    if not rows:
        console.print("no sprint yet; next: studio-gateway sprint create wk1 --title 'Week 1'")
        return
    table = new_table("sprint", "status", "round", "took", "created", "title and reason")
    for row in rows:
        table.add_row(
            row["sprint_id"],
            coloured(row["shown"]),
            (row["current_round"] or "").split("_")[0],
            "" if row["took_s"] is None else human(row["took_s"]),
            _minute(row["created_ts"]),
            _title_and_reason(row),
        )
    print_table(table)


def _title_and_reason(row: Listed) -> Text:
    """Return the title; below it, why the sprint stopped and what it waits for."""
    below = filter(None, (row["last_error"], _waits(row["waiting_for"])))
    return Text("\n".join((row["title"], *below)))


def _waits(waiting: Wait | None) -> str:
    """Return what an unfinished sprint waits for, in words; empty for a start."""
    if waiting is None or waiting["what"] == "a start":
        return ""
    return (
        f"waits for {waiting['what']} ({waiting['who']}) since {(waiting['since_ts'] or '')[11:16]}"
    )


def _idle(times: Times) -> str:
    """Return the waiting times of a second or more, in words."""
    waits = ((times.turn_s, "for a turn"), (times.people_s, "for people"))
    return ", ".join(f"{human(seconds)} {what}" for seconds, what in waits if seconds >= 1)


def schedules(rows: list[JsonObject]) -> None:
    """Print all schedules."""
    console = Screen()
    if not rows:
        console.print('no schedule; next: studio-gateway schedule add nightly --cron "0 2 * * *"')
        return
    table = new_table("schedule", "cron", "next", "last sprint", "title")
    for row in rows:
        last = row["last_sprint_id"] or ""
        table.add_row(row["schedule_id"], row["cron"], row["next"] or "off", last, row["title"])
    print_table(table)


def tokens(rows: list[JsonObject]) -> None:
    """Print all tokens."""
    table = new_table("token", "name", "user", "role", "status", "expires", "last used")
    for row in rows:
        table.add_row(
            row["key"],
            row["name"],
            row["user"],
            row["role"],
            coloured(row["status"]),
            _minute(row["expires_ts"]) or "never",
            _minute(row["last_used_ts"]),
        )
    print_table(table)


def users(rows: list[JsonObject]) -> None:
    """Print all users."""
    table = new_table("user", "role", "tokens", "password", "last sign-in", "")
    for row in rows:
        table.add_row(
            row["user"],
            row["role"] or "none",
            str(row["tokens"]),
            "yes" if row["password"] else "no",
            _minute(row["last_sign_in_ts"]),
            "" if row["enabled"] else "disabled",
        )
    print_table(table)


def _minute(stamp: str | None) -> str:
    return (stamp or "")[:16].replace("T", " ")


def status(facts: JsonObject, newest: list[Listed]) -> None:
    """Print the status of the gateway."""
    console = Screen()
    console.print(f"Studio Gateway {facts['studio_gateway_version']} for {facts['repo_root']}")
    counts = ", ".join(f"{n} {name}" for name, n in facts["counts"].items() if n)
    console.print(f"sprints: {counts or 'none yet'}")
    if facts["mirror_fault"]:
        console.print(Text(f"the files are behind: {facts['mirror_fault']}", "red"))
    for host in facts["hosts"]:
        runs = ", ".join(host["carries"]) or "nothing"
        state = f"{host['workers']} workers, running: {runs}"
        if host["silent"]:
            state = f"no worker answers for {human(host['worked_s'])}, {host['restarts']} restarts"
        gone = f"last seen {human(host['seen_s'])} ago"
        console.print(f"host {host['name']}: {state if host['alive'] else gone}")
    if queue := facts.get("queue"):
        if queue.get("away"):
            console.print(Text(queue["away"], "red"))
        oldest = f", the oldest is {human(queue['oldest_s'])} old" if queue["oldest_s"] else ""
        console.print(f"queue: {queue['messages']} messages{oldest}")
    for one in facts["queued"]:
        console.print(f"queued: {one['sprint_id']} waits for {one['what']}", soft_wrap=True)
    if facts["schedules"]:
        schedules(facts["schedules"])
    for sprint_id, one in facts["budgets"].items():
        console.print(f"agents of {sprint_id} have used {Spending.from_json(one)}", soft_wrap=True)
    sprints(newest)
    if len(facts["sprints"]) > len(newest):
        console.print(f"({len(facts['sprints']) - len(newest)} more: studio-gateway sprint list)")


def sprint(after: Snapshot, shown: str, waiting: Wait | None, times: Times | None) -> None:
    """Print one sprint: its shown status, its rounds, its gate runs and its error."""
    console, value = Screen(), after.sprint
    took_s = times.working_s if times else None
    console.print(
        Text.assemble(
            (value.sprint_id, "bold"),
            "  ",
            value.title,
            "  ",
            coloured(shown),
            f"  attempt {value.attempt}  {'' if took_s is None else human(took_s)}",
        )
    )
    if shown == "queued":
        console.print(Text(_waits(waiting), "yellow"), soft_wrap=True)
    if times and (idle := _idle(times)):
        console.print(f"it also waited {idle}")
    if after.paused and value.status in ("created", "running"):
        console.print(Text(f"paused by {paused_by(after)}", "yellow"), soft_wrap=True)
        console.print(f"to continue: studio-gateway sprint resume {value.sprint_id}")
    if not after.rounds:
        console.print(f"not started; to start: studio-gateway sprint run {value.sprint_id}")
        return
    rounds = new_table("round", "title", "status", "took", "tasks")
    for row in after.rounds:
        tasks = [task for task in after.tasks if task.round_id == row.id]
        done = sum(task.status == "done" for task in tasks)
        rounds.add_row(
            row.code.split("_")[0],
            row.title,
            coloured(row.status),
            took(row.started_at, row.finished_at),
            f"{done}/{len(tasks)}" if tasks else "",
        )
    print_table(rounds)
    gates = new_table("gate", "run", "round", "verdict", "took", "reason")
    for run in sorted(after.gate_runs, key=lambda run: (run.attempt, run.round_id, run.number)):
        gates.add_row(
            run.gate_id + ("" if run.required else " (advisory)"),
            str(run.number),
            run.round_id.split("/")[1].split("_")[0],
            coloured(run.status),
            "" if run.duration_s is None else f"{run.duration_s:.1f} s",
            run.reason,
        )
    if after.gate_runs:
        print_table(gates)
        console.print(f"evidence: {value.artifacts_dir}/gates", soft_wrap=True)
    if (used := spent(after)) and used.launches:
        console.print(f"agents have used {used}", soft_wrap=True)
    if after.contract and (base := after.contract.base):
        where = f"{base.branch or 'a detached HEAD'} at {base.commit[:12]}"
        console.print(f"work: {branch_of(value.sprint_id)}, from {where}", soft_wrap=True)
        if (clone := seen_of(settings.STORE.root) / value.sprint_id).is_dir():
            console.print(f"clone: {clone}", soft_wrap=True, markup=False)
    if is_shipped(value.meta) and (shipping := value.meta.shipping):
        where = f"{(shipping.commit or '')[:12]} on {shipping.branch}, tag {shipping.tag}"
        after_all = f", reverted by {value.meta.unshipped_by}" if value.meta.unshipped_by else ""
        console.print(f"shipped: {where}{after_all}", soft_wrap=True)
    if value.last_error:
        console.print(Text(value.last_error, "red"))
