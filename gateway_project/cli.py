"""Django's command line with our commands first and an unknown word answered in one line."""

import difflib
import sys
from typing import NoReturn

from django.core.management import ManagementUtility, get_commands

OURS = {
    "init": "make the store, the database and config.json here (repeatable)",
    "status": "what runs, what waits, what ended",
    "sprint": "create, run, step, show, list, cancel, retry",
    "gate": "show and edit the gates that judge a sprint",
    "events": "the event stream; --follow to watch it",
    "doctor": "check the installation and say what to type to mend it",
}


class Gateway(ManagementUtility):
    """``studio-gateway X``: one entry point for ours and for Django's own commands."""

    def __init__(self, argv: list[str]) -> None:
        super().__init__(argv)
        if self.prog_name in {"__main__.py", "studio_gateway.py"}:
            self.prog_name = "studio-gateway"

    def main_help_text(self, commands_only: bool = False) -> str:
        """Our commands with a line each; Django's own by name."""
        if commands_only:
            return super().main_help_text(commands_only=True)
        theirs = sorted(set(get_commands()) - set(OURS))
        lines = [f"usage: {self.prog_name} COMMAND [options]", ""]
        lines += [f"  {name:<8} {what}" for name, what in OURS.items()]
        lines += ["", f"{self.prog_name} COMMAND --help tells the rest.", ""]
        lines += [f"Django's own commands: {' '.join(theirs)}"]
        return "\n".join(lines)

    def fetch_command(self, subcommand: str):  # type: ignore[no-untyped-def]
        """The command of that name; an unknown one is a line on stderr and exit 2."""
        if subcommand not in get_commands():
            self._unknown(subcommand)
        return super().fetch_command(subcommand)

    def _unknown(self, subcommand: str) -> NoReturn:
        near = difflib.get_close_matches(subcommand, [*OURS, *get_commands()], n=1)
        hint = f"did you mean {near[0]}?" if near else f"try: {self.prog_name} help"
        sys.stderr.write(f"error: no command {subcommand!r}; {hint}\n")
        sys.exit(2)
