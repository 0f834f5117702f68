"""Django's command line with our commands first and an unknown word answered in one line."""

import difflib
import gc
import os
import signal
import sys
from io import TextIOWrapper
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility, get_commands
from django.db import DatabaseError

from gateway_project import __version__

OURS = {
    "init": "make the store, the database and config.json here (repeatable)",
    "status": "what runs, what waits, what ended",
    "sprint": "create, run, step, show, list, answer, pause, resume, cancel, retry",
    "serve": "the web and the workers together",
    "worker": "carry queued sprints in the background",
    "schedule": "have a sprint made whenever a cron is due",
    "gate": "show and edit the gates that judge a sprint",
    "agent": "show and edit who is asked, and by what program",
    "config": "show and turn the switches: automation_paused, gate_profile, …",
    "hook": "show and edit who is told of what",
    "user": "who may sign in, and what they may do",
    "token": "what programs and people sign in with: create, list, revoke, rotate",
    "events": "the event stream; --follow to watch it",
    "contract": "prove that no path under the gates and hooks as they are breaks a promise",
    "verify": "compare the hash chain, the rows and the files, down to the byte",
    "backup": "a copy of the store as of one moment, without its keys",
    "export": "the record as one archive for another gateway, without secrets",
    "import": "take over another store, all of it or nothing",
    "archive": "ended sprints out of state.json and all lists, and back",
    "rebuild": "an empty database anew from events.jsonl; --check compares",
    "upgrade": "a store of an older version to this one: back up, migrate, verify",
    "replay": "would today's engine do what was done?",
    "doctor": "check the installation and say what to type to mend it",
}


class Gateway(ManagementUtility):
    """``studio-gateway X``: one entry point for ours and for Django's own commands."""

    def __init__(self, argv: list[str]) -> None:
        super().__init__(argv)
        if self.prog_name in {"__main__.py", "studio_gateway.py"}:
            self.prog_name = "studio-gateway"

    def execute(self) -> None:
        """Run the command; ``--version`` is ours, not Django's."""
        if self.argv[1:] in (["--version"], ["version"]):
            sys.stdout.write(f"{__version__}\n")
            return
        super().execute()

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
        """The command of that name; an unknown one is a line on stderr and exit 2. All apps are
        loaded by now, and garbage is looked for again.
        """
        gc.enable()
        if subcommand not in get_commands():
            self._unknown(subcommand)
        if subcommand not in OURS and signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # theirs count on it
        return super().fetch_command(subcommand)

    def _unknown(self, subcommand: str) -> NoReturn:
        near = difflib.get_close_matches(subcommand, OURS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"try: {self.prog_name} help"
        sys.stderr.write(f"error: no command {subcommand!r}; {hint}\n")
        sys.exit(2)


def run(argv: list[str]) -> None:
    """One command, from the start of the process to its last flush; exits with its code."""
    if sys.stdout is None:  # whoever started us has closed it
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (it stays open)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a title may hold more than ASCII
    try:
        _execute(argv)
    except SystemExit:
        _flush(ending=True)
        raise
    _flush(ending=False)


def _execute(argv: list[str]) -> None:
    """Word as one line what no command has worded itself."""
    try:
        Gateway(argv).execute()
    except BrokenPipeError:
        return  # the reader has seen enough (| head)
    except ImproperlyConfigured as exc:
        what = "DATABASE_URL" if os.environ.get("DATABASE_URL") else "the settings"
        text = f"{what} cannot be used: {exc}"
    except (DatabaseError, OSError) as exc:
        text = str(exc)
    else:
        return
    sys.stderr.write(f"error: {' '.join(text.split())}\n")
    sys.exit(2)


def _flush(*, ending: bool) -> None:
    """Flush now, while a reader that has gone can still be forgiven: at exit it is an error.
    ``ending``: an exit code is settled already.
    """
    try:
        sys.stdout.flush()
    except OSError as exc:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(exc, BrokenPipeError):
            sys.stderr.write(f"error: the output cannot be written: {exc.strerror}\n")
            if not ending:
                sys.exit(2)
