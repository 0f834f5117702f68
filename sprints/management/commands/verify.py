"""``verify``: does everything that is on record agree, down to the byte?"""

import io
import json
import sys
from argparse import SUPPRESS, ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from gates.program import die_with_parent
from sprints import operations
from sprints.management.base import GatewayCommand
from sprints.management.progress_bars import counted


class Command(GatewayCommand):
    """Compare chain, rows, files; exit 1 at the first difference."""

    help = (
        "Check the hash chain and the numbers of events.jsonl, that its events explain the rows and"
        " state.json, that contracts fit their digests, and that what gates and agents printed is"
        " what it was. Changes nothing, and sprints may run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "file", nargs="?", type=Path, metavar="FILE", help="these events alone, without a store"
        )
        parser.add_argument(
            "--tag",
            help="what was shipped under this tag is as its certificate says; FILE is then"
            " another events.jsonl than the store's",
        )
        parser.add_argument("--json", action="store_true", help="a JSON object")
        parser.add_argument(
            "--record", action="store_true", help="put the result on record, as an event"
        )
        parser.add_argument(
            "--no-outputs", action="store_true", help="do not read what gates and agents printed"
        )
        parser.add_argument("--inside", type=int, metavar="PID", help=SUPPRESS)
        parser.add_argument("--links", type=int, metavar="BYTES", help=SUPPRESS)

    def execute(self, *args: Any, **options: Any) -> Any:
        """A file needs no store, and what is to be recorded is a change of the files."""
        self.needs_store = options.get("file") is None and options.get("tag") is None
        self.writes = bool(options.get("record"))
        return super().execute(*args, **options)

    def handle(self, *, file: Path | None, record: bool, tag: str | None, **options: Any) -> None:
        """Look, then say the first difference, or how much agrees. ``inside`` a watch or another
        one of us: say nothing, and end with it. With ``links``, look at no more than the chain.
        """
        if options["inside"]:
            die_with_parent(options["inside"])
            self.stdout = OutputWrapper(io.StringIO())
        if file and options["links"] is not None:
            sys.exit(0 if operations.is_one_chain(file, options["links"]) else 1)
        if tag is not None:
            self._tag(tag, file, record=record, as_json=options["json"])
        if file and record:
            raise CommandError("a file has no record of its own; leave out --record")
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
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), indent=2, sort_keys=True))
        elif found.difference:
            why = f": {found.difference.why}" if found.difference.why else ""
            self.stdout.write(f"differs: {found.difference.text}{why}")
            self.stdout.write(f"{found.events} events before it are sound")
        else:
            self.stdout.write(worded(found, file))
        sys.exit(1 if found.difference else 0)

    def _tag(self, tag: str, file: Path | None, *, record: bool, as_json: bool) -> None:
        if record:
            raise CommandError("a tag is looked at without a record; leave out --record")
        try:
            found = operations.verify_tag(tag, file)
        except OSError as exc:
            raise CommandError(f"{exc.filename or file}: {exc.strerror or exc}") from exc
        if as_json:
            self.stdout.write(json.dumps(asdict(found), indent=2, sort_keys=True))
        elif found.untrue:
            self.stdout.write("\n".join(f"untrue: {line}" for line in found.untrue))
        else:
            gates = ", ".join(gate["gate_id"] for gate in found.facts["gates"])
            self.stdout.write(
                f"true: {tag} is {found.facts['commit'][:12]}, the tree that {gates} passed"
                f" ({found.events} events and {found.logs} logs agree)"
            )
        sys.exit(1 if found.untrue else 0)


def worded(found: Any, file: Path | None = None) -> str:
    """A report without a difference, in a line."""
    of = "events" if file else "events, rows and files"
    if found.outputs:
        of = f"events, rows, files and {found.outputs} outputs"
    behind = f"; events.jsonl has {found.behind} of them still to get" if found.behind else ""
    rate = f"{found.events / max(found.took_s, 1e-6):,.0f}/s"
    return (
        f"sound: {found.events} events and {found.sprints} sprints; {of} agree{behind}"
        f" ({found.took_s:.1f} s, {rate})"
    )
