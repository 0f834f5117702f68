"""``sprint``: create, run, step, show, list, answer, budget, pause, resume, cancel, retry."""

import getpass
import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from sprints import operations, queries
from sprints.agent_budget import MOST_LAUNCHES
from sprints.contract import DEADLINES, MOST_AT_ONCE, PROFILES
from sprints.engine.answer_moves import question_of
from sprints.engine.budget_moves import parked_for
from sprints.engine.carry import LeaseLost, Wish
from sprints.engine.holds import paused_by
from sprints.engine.spent import spent
from sprints.management.base import GatewayCommand, subcommands, whole_number
from sprints.management.commands.events import count
from sprints.management.progress import watched, wishes_from_signals
from sprints.models import Hook, Sprint
from sprints.snapshot import Snapshot
from sprints.switches import switches

EXIT = {"succeeded": 0, "failed": 1, "cancelled": 1, "blocked": 3}
BRIEF_BYTES = 1 << 20
LINGER_S = 5.0  # after a sprint's end, for hooks that are still to be told of it


class Command(GatewayCommand):
    """Everything that is done to one sprint."""

    help = "Create, run, step, show, list, answer, budget, pause, resume, cancel, retry a sprint."
    writes = True
    asks = ("show", "list")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)

        def act(name: str, what: str, *, one: bool = True) -> ArgumentParser:
            made: ArgumentParser = acts.add_parser(name, help=what, description=what)
            if one:
                made.add_argument("id", metavar="ID")
            return made

        create = act("create", "make a sprint that can be run")
        create.add_argument("--title", default="", help="one line for people (default: the id)")
        create.add_argument("--brief-file", metavar="F", help="a text file with the brief")
        create.add_argument("--profile", default="", metavar="P", help=" or ".join(PROFILES))
        create.add_argument(
            "--deadline",
            default="",
            metavar="D",
            help=f"{' or '.join(DEADLINES)}: what the end of a round's minutes does (warn)",
        )
        create.add_argument(
            "--gates-at-once",
            type=whole_number(1, MOST_AT_ONCE),
            metavar="N",
            help="how many gates of a round may run side by side (1)",
        )
        run = act("run", "carry it through R0 to R5 here, with a progress display")
        act("step", "carry it through one round, starting it if need be")
        retry = act("retry", "start again at the round that failed, as a new attempt")
        for made in (run, retry):
            made.add_argument("--queue", action="store_true", help="hand it to the workers")
        pause = act("pause", "hold it at its next step; what runs goes on to its end")
        pause.add_argument("--why", default="", help="one line for the others")
        told = act("answer", "tell an agent what it asked; the sprint goes on with the workers")
        told.add_argument("--text", required=True, help="the answer; goes into its next prompt")
        given = act("budget", "what its agents may use up; a sprint parked for that goes on")
        launches = whole_number(1, MOST_LAUNCHES)
        given.add_argument("--launches", type=launches, metavar="N", help="of programs, in all")
        given.add_argument("--minutes", type=float, metavar="M", help="that programs run, in all")
        act("resume", "let a paused sprint go on, with the workers")
        act("cancel", "stop it; returns when nothing of it runs any more")
        show = act("show", "its rounds, gates and last error")
        show.add_argument("--json", action="store_true", help="exactly as in state.json")
        listed = act("list", "all sprints that are not archived, newest first", one=False)
        listed.add_argument("--json", action="store_true", help="a JSON array")
        listed.add_argument("--status", choices=Sprint.Status.values, help="of this status alone")
        listed.add_argument("--archived", action="store_true", help="those that are archived")
        listed.add_argument("--limit", type=count, default=50, metavar="N", help="how many (50)")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        getattr(self, f"_{act}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        sprint = operations.create(
            options["id"],
            title=options["title"],
            by="cli",
            brief=read_brief(options["brief_file"]),
            profile=options["profile"],
            deadline=options["deadline"],
            gates_at_once=options["gates_at_once"],
        )
        self.stdout.write(f"created {sprint.sprint_id}; next: studio-gateway sprint run {sprint}")

    def _run(self, options: dict[str, Any]) -> None:
        if options["queue"]:
            self._queue(options["id"], again=False)
        else:
            self._carry(options["id"], lambda wish: operations.run(options["id"], wish))

    def _queue(self, sprint_id: str, *, again: bool) -> None:
        operations.start(sprint_id, again=again)
        self.stdout.write(f"{sprint_id} is queued; watch it: studio-gateway events --follow")
        tell_who_works(self.stdout)

    def _step(self, options: dict[str, Any]) -> None:
        self._carry(options["id"], lambda wish: operations.run(options["id"], wish, one_round=True))

    def _retry(self, options: dict[str, Any]) -> None:
        if options["queue"]:
            self._queue(options["id"], again=True)
        else:
            self._carry(options["id"], lambda wish: operations.retry(options["id"], wish))

    def _carry(self, sprint_id: str, carry: Callable[[Wish], Snapshot]) -> None:
        wish = Wish()
        try:
            with (
                _courier(),
                wishes_from_signals(wish, user()),
                watched(sprint_id, self.stdout),
            ):
                after = carry(wish)
        except LeaseLost as exc:
            raise CommandError(str(exc)) from exc
        try:
            self._report(after, wish)
        except BrokenPipeError:
            pass  # the reader has gone; how it ended is in the exit code
        except OSError as exc:
            sys.stderr.write(f"error: the output cannot be written: {exc.strerror}\n")
        sys.exit(_exit_code(after, wish))

    def _report(self, after: Snapshot, wish: Wish) -> None:
        """Say how it ended and what to type next."""
        status, sprint_id = after.sprint.status, after.sprint_id
        if status == "failed":
            self.stdout.write(f"{sprint_id} failed: {after.sprint.last_error}")
            self._evidence(after)
            self.stdout.write(f"next: studio-gateway sprint retry {sprint_id}")
        elif status == "blocked":
            self.stdout.write(f"{sprint_id} is blocked: {after.sprint.last_error}")
            act, more = "answer" if question_of(after) else "retry", ""
            if used := parked_for(after):
                act, more = "budget", f" --{used.out} N"
            text = " --text '…'" if act == "answer" else more
            self.stdout.write(f"next: studio-gateway sprint {act} {sprint_id}{text}")
        elif status == "running" and wish.hand_back:
            self.stdout.write(f"{sprint_id} goes on with: studio-gateway sprint run {sprint_id}")
        elif status == "running" and after.paused:
            self.stdout.write(f"{sprint_id} is paused by {paused_by(after)}")
            self.stdout.write(f"next: studio-gateway sprint resume {sprint_id}")
        elif status == "running" and switches().automation_paused:
            self.stdout.write(f"{sprint_id} is held: automation_paused is set in config.json")
            self.stdout.write("next: studio-gateway config set automation_paused false")
        elif status == "running":
            self.stdout.write(f"{sprint_id} is at {after.sprint.current_round}")
        else:
            self.stdout.write(f"{sprint_id} {status}")

    def _evidence(self, after: Snapshot) -> None:
        mute = [task for task in after.tasks if task.status == "blocked"]
        if mute and (after.sprint.last_error or "").startswith("agent_failed"):
            details = mute[-1].details
            for line in (details.get("tail"), details["stdout"], details["stderr"]):
                if line:
                    self.stdout.write(f"  {line}")
        red = [
            run
            for run in after.gate_runs
            if run.required and run.status != "passed" and run.attempt == after.sprint.attempt
        ]
        if red and (after.sprint.last_error or "").startswith("gate_failed"):
            last = red[-1]
            self.stdout.write(f"  {last.gate_id}: {last.reason}")
            for path in (last.stdout_path, last.stderr_path):
                self.stdout.write(f"  {path}")

    def _pause(self, options: dict[str, Any]) -> None:
        operations.pause(options["id"], user(), options["why"])
        self.stdout.write(
            f"{options['id']} holds at its next step; "
            f"next: studio-gateway sprint resume {options['id']}"
        )

    def _answer(self, options: dict[str, Any]) -> None:
        operations.answer(options["id"], options["text"], user())
        self.stdout.write(
            f"answered; {options['id']} goes on with the workers, "
            f"or here: studio-gateway sprint run {options['id']}"
        )
        tell_who_works(self.stdout)

    def _budget(self, options: dict[str, Any]) -> None:
        sprint_id, launches, minutes = options["id"], options["launches"], options["minutes"]
        if launches is None and minutes is None:
            queries.get(sprint_id)
            now = queries.look(sprint_id)
            there = spent(
                replace(now, contract=now.contract or operations.contract_for(now.sprint.meta))
            )
            words = f"agents have used {there}" if there else f"{sprint_id} asks no program"
            self.stdout.write(words)
            return
        was = queries.get(sprint_id).status
        used = operations.set_budget(sprint_id, user(), launches, minutes)
        self.stdout.write(f"agents have used {used}")
        if was == "blocked" and queries.get(sprint_id).status == "running":
            self.stdout.write(f"{sprint_id} goes on with the workers")
            tell_who_works(self.stdout)

    def _resume(self, options: dict[str, Any]) -> None:
        operations.resume(options["id"], user())
        self.stdout.write(f"{options['id']} goes on with the workers")
        tell_who_works(self.stdout)

    def _cancel(self, options: dict[str, Any]) -> None:
        status = operations.cancel(options["id"], user())
        self.stdout.write(f"{options['id']} {status}")

    def _show(self, options: dict[str, Any]) -> None:
        queries.get(options["id"])
        after = queries.look(options["id"])
        if options["json"]:
            self.stdout.write(json.dumps(after.state(), indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.sprint(after)

    def _list(self, options: dict[str, Any]) -> None:
        rows = queries.newest(options["limit"], options["status"], archived=options["archived"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.sprints(rows)


def _exit_code(after: Snapshot, wish: Wish) -> int:
    """As the README lists them."""
    status = after.sprint.status
    if status == "running":
        held = after.paused or switches().automation_paused
        return 143 if wish.hand_back else 3 if held else 0
    return 130 if status == "cancelled" and wish.cancel_by else EXIT[status]


def _courier() -> AbstractContextManager[object]:
    """Who brings what there is to tell, where there is anybody to be told."""
    if not Hook.objects.filter(enabled=True, blocking=False).exists():
        return nullcontext()
    from sprints.hooks.courier import Courier

    return Courier(LINGER_S)


def tell_who_works(out: Any) -> None:
    """Say so where nobody is there to take up what was just handed over."""
    if not any(host["alive"] for host in queries.hosts()):
        out.write("no worker is at work; start one: studio-gateway worker")


def user() -> str:
    """Who is at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cli"


def read_brief(path: str | None) -> str:
    """The text of that file, empty where none is named. Raises ``CommandError``."""
    if path is None:
        return ""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(BRIEF_BYTES + 1)
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror}") from exc
    if len(raw) > BRIEF_BYTES:
        raise CommandError(f"{path} is over {BRIEF_BYTES} bytes; a brief is shorter")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise CommandError(f"{path} is not UTF-8 (byte {exc.start})") from exc
