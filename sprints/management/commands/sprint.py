"""``sprint``: create, run, inspect and steer sprints."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from django.conf import settings
from django.core.management.base import CommandError

from sprints import operations, queries
from sprints.contract.json_types import JsonObject
from sprints.contract.meta_reference import KEYS
from sprints.health.missing_gates import missing
from sprints.management.arguments import Options, settings_of
from sprints.management.base import GatewayCommand
from sprints.management.cli_user import brief_of, tell_who_continues, tell_who_works, user
from sprints.management.progress import watched, wishes_from_signals
from sprints.management.sprint_end import exit_code, report
from sprints.management.sprint_parser import declare
from sprints.models import Hook
from sprints.queries.snapshots import network_of, spent, states_of
from sprints.state import network_use
from sprints.state.snapshot import Snapshot

LINGER_S = 5.0  # after a sprint's end, for pending deliveries


class Command(GatewayCommand):
    """Translate each subcommand into one operation on a sprint."""

    help = "Create, run, inspect, steer, approve, retry and revert sprints."
    writes = True
    asks = ("show", "list", "plan")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        declare(parser)

    def handle(self, *, act: str, **options: object) -> None:
        """Run the subcommand."""
        getattr(self, f"_{act}")(options)

    def _create(self, options: Options) -> None:
        sprint = operations.create(
            options["id"],
            title=options["title"],
            by="cli",
            profile=options["profile"],
            deadline=options["deadline"],
            gates_at_once=options["gates_at_once"],
            meta=_meta_of(options),
            approvals=options["approve"],
        )
        self.stdout.write(
            f"created {sprint.sprint_id}; to run it: studio-gateway sprint run {sprint}"
        )
        self._tell_unknown(options)

    def _edit(self, options: Options) -> None:
        sprint_id, title, patch = options["id"], options["title"], _meta_of(options)
        if title is None and not patch:
            raise CommandError("nothing to change; add --title, --brief or --set KEY=VALUE")
        before = queries.get(sprint_id)
        after = operations.edit(sprint_id, user(), title, patch)
        same = (before.title, before.meta) == (after.title, after.meta)
        self.stdout.write(f"{sprint_id} is unchanged" if same else f"changed {sprint_id}")
        self._tell_unknown(options)

    def _tell_unknown(self, options: Options) -> None:
        """Print which keys of ``--set`` the gateway keeps and does not use."""
        given = settings_of(options["set"])
        unknown = sorted(
            key for key, value in given.items() if key not in KEYS and value is not None
        )
        if unknown:
            self.stdout.write(f"kept, but not a setting of the gateway: {', '.join(unknown)}")

    def _run(self, options: Options) -> None:
        if worst := operations.worst_of(options["id"]):
            self.stdout.write(f"{options['id']}: {worst}")
        for text in missing(settings.STORE.repo):
            self.stderr.write(text)
        if options["queue"]:
            self._queue(options["id"], again=False)
        else:
            self._run_here(options["id"], lambda wish: operations.run(options["id"], wish))

    def _queue(self, sprint_id: str, *, again: bool) -> None:
        operations.start(sprint_id, again=again)
        self.stdout.write(f"queued {sprint_id}; to watch it: studio-gateway events --follow")
        tell_who_works(self.stdout)

    def _step(self, options: Options) -> None:
        self._run_here(
            options["id"], lambda wish: operations.run(options["id"], wish, one_round=True)
        )

    def _retry(self, options: Options) -> None:
        if options["queue"]:
            self._queue(options["id"], again=True)
        else:
            self._run_here(options["id"], lambda wish: operations.retry(options["id"], wish))

    def _run_here(self, sprint_id: str, run: Callable[[operations.StopRequest], Snapshot]) -> None:
        wish = operations.StopRequest()
        try:
            with (
                _courier(),
                wishes_from_signals(wish, user()),
                watched(sprint_id, self.stdout),
            ):
                after = run(wish)
        except operations.LeaseLost as exc:
            raise CommandError(str(exc)) from exc
        try:
            report(self.stdout, after, wish)
        except BrokenPipeError:
            pass  # the reader has gone; the exit code has the result
        except OSError as exc:
            sys.stderr.write(f"error: the output cannot be written: {exc.strerror}\n")
        sys.exit(exit_code(after, wish))

    def _pause(self, options: Options) -> None:
        operations.pause(options["id"], user(), options["why"])
        self.stdout.write(
            f"{options['id']} pauses at its next step; "
            f"to continue: studio-gateway sprint resume {options['id']}"
        )

    def _answer(self, options: Options) -> None:
        operations.answer(options["id"], options["text"], user())
        tell_who_continues(self.stdout, options["id"], "answered; ")

    def _approve(self, options: Options) -> None:
        operations.approve(options["id"], user(), options["why"], options["ask"])
        tell_who_continues(self.stdout, options["id"], "approved; ")

    def _reject(self, options: Options) -> None:
        operations.reject(options["id"], user(), options["why"], options["ask"])
        self.stdout.write(
            f"rejected; {options['id']} failed; next: studio-gateway sprint retry {options['id']}"
        )

    def _budget(self, options: Options) -> None:
        sprint_id = options["id"]
        amounts = {key: options[key] for key in ("launches", "minutes", "tokens", "usd")}
        if all(amount is None for amount in amounts.values()):
            queries.get(sprint_id)
            now = queries.look(sprint_id)
            there = spent(
                replace(
                    now, contract=now.contract or operations.contract_for(now.sprint.meta.stored)
                )
            )
            words = f"agents have used {there}" if there else f"{sprint_id} runs no agent command"
            self.stdout.write(words)
            return
        was = queries.get(sprint_id).status
        used = operations.set_budget(sprint_id, user(), **amounts)
        self.stdout.write(f"agents have used {used}")
        if was == "blocked" and queries.get(sprint_id).status == "running":
            tell_who_continues(self.stdout, sprint_id)

    def _resume(self, options: Options) -> None:
        operations.resume(options["id"], user())
        tell_who_continues(self.stdout, options["id"])

    def _first(self, options: Options) -> None:
        operations.move_first(options["id"], user())
        self.stdout.write(f"{options['id']} is the next sprint of the queue")

    def _unship(self, options: Options) -> None:
        name = operations.unship(options["id"], user(), options["why"])
        self._run({"id": name, "queue": options["queue"]})

    def _cancel(self, options: Options) -> None:
        status = operations.cancel(options["id"], user())
        self.stdout.write(f"{options['id']} {status}")

    def _plan(self, options: Options) -> None:
        found = operations.plan(options["id"])
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2, sort_keys=True))
            return
        from sprints.management import plan_output

        plan_output.show(found, prompts=options["prompts"])

    def _show(self, options: Options) -> None:
        row, after = queries.get(options["id"]), queries.look(options["id"])
        if options["json"]:
            self.stdout.write(json.dumps(after.state(), indent=2, sort_keys=True))
            return
        from sprints.management import plan_output, tables

        waiting = queries.waiting_for(row)
        shown = queries.shown_status(row.status, waiting)
        tables.sprint(after, shown, waiting, queries.times(row))
        if states := states_of(after):
            self.stdout.write(f"sandbox: {'; '.join(states)}")
        if reached := network_use.told(network_of(after)):
            self.stdout.write(f"network: {reached}")
        plan_output.patch_notes(after)

    def _list(self, options: Options) -> None:
        rows = queries.newest(options["limit"], options["status"], archived=options["archived"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.sprints(rows)


def _meta_of(options: Options) -> JsonObject:
    """Return the changes to the sprint's meta in the options. Raises ``CommandError``."""
    patch = settings_of(options["set"])
    brief = brief_of(options["brief"], options["brief_file"])
    if brief is None:
        return patch
    if "brief" in patch:
        option = "--brief" if options["brief_file"] is None else "--brief-file"
        raise CommandError(f"{option} and --set brief=… both set the brief; use only one")
    return patch | {"brief": brief}


def _courier() -> AbstractContextManager[object]:
    """Return the thread that delivers hooks, if there are hooks to deliver to."""
    if not Hook.objects.filter(enabled=True, blocking=False).exists():
        return nullcontext()
    from sprints.hooks.delivery_worker import DeliveryWorker

    return DeliveryWorker(LINGER_S)
