"""``verify``: compare the hash chain, the database and the files byte by byte."""

import io
import json
import sys
from argparse import SUPPRESS, ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import CommandError, OutputWrapper

from gates.program import die_with_parent
from sprints import operations
from sprints.journal.verify import Report
from sprints.management.base import GatewayCommand
from sprints.management.progress_bars import counted


class Command(GatewayCommand):
    """Compare chain, rows and files; exit 1 at the first difference."""

    help = (
        "Check the hash chain of events.jsonl, and that the events agree with the database,"
        " state.json, the contracts, the files of gate, agent and hook runs, and the commits of"
        " agents. Sprints can run meanwhile."
    )
    exits = {
        0: "everything agrees",
        1: "something differs, and the output names the first difference",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            metavar="FILE",
            help="events file to check on its own, without a store",
        )
        parser.add_argument(
            "--tag",
            metavar="TAG",
            help="check only this Git tag of a shipped sprint; its message must agree with its"
            " commit and with the events in FILE, or in events.jsonl of the store without FILE",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")
        parser.add_argument("--record", action="store_true", help="record the result as an event")
        parser.add_argument(
            "--no-outputs",
            action="store_true",
            help="do not check the files of runs and the commits of agents",
        )
        parser.add_argument("--inside", type=int, metavar="PID", help=SUPPRESS)
        parser.add_argument("--links", type=int, metavar="BYTES", help=SUPPRESS)

    def execute(self, *args: object, **options: object) -> str | None:
        """Require a store, except to check a file or a tag; with --record, update the files."""
        self.needs_store = options.get("file") is None and options.get("tag") is None
        self.writes = bool(options.get("record"))
        return super().execute(*args, **options)

    def handle(
        self,
        *,
        file: Path | None,
        record: bool,
        tag: str | None,
        inside: int | None,
        links: int | None,
        **options: object,
    ) -> None:
        """Verify, and print the first difference or what agrees.

        ``inside``: the process that started this one; print nothing and end when it ends.
        ``links``: check only the hash chain up to this byte.
        """
        as_json = bool(options["json"])
        if inside:
            die_with_parent(inside)
            self.stdout = OutputWrapper(io.StringIO())
        if file and links is not None:
            sys.exit(0 if operations.is_one_chain(file, links) else 1)
        if tag is not None:
            self._tag(tag, file, record=record, as_json=as_json)
        if file and record:
            raise CommandError("--record works only for the store; remove --record or FILE")
        try:
            with counted("verifying") as tell:
                if file is None:
                    found = operations.verify(tell, outputs=not options["no_outputs"])
                else:
                    found = operations.verify_file(file, tell)
        except OSError as exc:
            raise CommandError(f"{exc.filename or file}: {exc.strerror or exc}") from exc
        if record:
            operations.record_verified(found)
            operations.tidy()
        if as_json:
            self.stdout.write(json.dumps(asdict(found), indent=2, sort_keys=True))
        elif found.difference:
            why = f": {found.difference.why}" if found.difference.why else ""
            self.stdout.write(f"differs: {found.difference.text}{why}")
            self.stdout.write(f"the {found.events} events before it are correct")
            if not file and (notice := operations.older_than_file()):
                self.stdout.write(notice)
        else:
            self.stdout.write(worded(found, file))
            if not file and (notice := operations.newer().text):
                self.stderr.write(notice)
        sys.exit(1 if found.difference else 0)

    def _tag(self, tag: str, file: Path | None, *, record: bool, as_json: bool) -> None:
        if record:
            raise CommandError("--record does not work with --tag; remove one of them")
        try:
            found = operations.verify_tag(tag, file)
        except OSError as exc:
            raise CommandError(f"{exc.filename or file}: {exc.strerror or exc}") from exc
        if as_json:
            self.stdout.write(json.dumps(asdict(found), indent=2, sort_keys=True))
        elif found.untrue:
            self.stdout.write("\n".join(f"false: {line}" for line in found.untrue))
        else:
            gates = ", ".join(gate["gate_id"] for gate in found.facts["gates"])
            self.stdout.write(
                f"true: {tag} is commit {found.facts['commit'][:12]}; its tree passed {gates}"
                f" ({found.events} events and {found.logs} logs agree)"
            )
        sys.exit(1 if found.untrue else 0)


def worded(found: Report, file: Path | None = None) -> str:
    """Return a report without a difference in one line."""
    of = "events" if file else "events, rows and files"
    if found.outputs:
        of = f"events, rows, files and {found.outputs} evidence files"
    behind = f"; {found.behind} events are not yet in events.jsonl" if found.behind else ""
    rate = f"{found.events / max(found.took_s, 1e-6):,.0f}/s"
    return (
        f"verified: {found.events} events and {found.sprints} sprints; {of} agree{behind}"
        f" ({found.took_s:.1f} s, {rate})"
    )
