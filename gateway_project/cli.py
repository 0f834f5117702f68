"""The command line: our commands first, then Django's; an unknown command is a one-line error."""

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
    "init": "create the store of this repository; safe to repeat",
    "status": "show running, waiting and finished sprints",
    "sprint": "create, run, inspect, steer, approve, retry and revert sprints",
    "serve": "run the web server and the workers",
    "worker": "run queued sprints in the background",
    "schedule": "create and start sprints on a cron schedule",
    "gate": "list and edit the gates that judge a sprint",
    "agent": "list and edit agents and their commands",
    "config": "show and change the settings in config.json",
    "hook": "list and edit hooks: commands, webhooks and notifications",
    "user": "manage users and their roles",
    "token": "create, list, revoke and rotate access tokens",
    "events": "print the event stream; --follow keeps printing",
    "contract": "check that a sprint keeps the safety rules, whatever happens",
    "verify": "compare the hash chain, the database and the files byte by byte",
    "backup": "copy the store to a folder or an archive",
    "export": "write an archive, without secrets, for another gateway",
    "import": "import the store of another gateway",
    "archive": "archive finished sprints, or restore them",
    "adopt": "continue the record of a store that was restored from a backup",
    "rebuild": "rebuild an empty database from events.jsonl, or compare the two",
    "upgrade": "upgrade the store of an older version: back up, migrate, verify",
    "replay": "check that this version makes the same decisions as recorded",
    "doctor": "check the installation and print a fix for every problem",
}


class Gateway(ManagementUtility):
    """Entry point ``studio-gateway X`` for our commands and for Django's own."""

    def __init__(self, argv: list[str]) -> None:
        super().__init__(argv)
        if self.prog_name in {"__main__.py", "studio_gateway.py"}:
            self.prog_name = "studio-gateway"

    def execute(self) -> None:
        """Run the command; ``--version`` prints our version, not Django's."""
        if self.argv[1:] in (["--version"], ["version"]):
            sys.stdout.write(f"{__version__}\n")
            return
        super().execute()

    def main_help_text(self, commands_only: bool = False) -> str:
        """Return the help: our commands with a line each. Django's own work, but are not listed."""
        if commands_only:
            return super().main_help_text(commands_only=True)
        lines = [f"usage: {self.prog_name} COMMAND [options]", ""]
        lines += [f"  {name:<8}  {what}" for name, what in OURS.items()]
        lines += ["", f"{self.prog_name} COMMAND --help shows the options of a command."]
        return "\n".join(lines)

    def fetch_command(self, subcommand: str):  # type: ignore[no-untyped-def]
        """Return the command of that name; exit with 2 if it is unknown. All modules are loaded
        then, so garbage collection starts again; it never looks at what they hold.
        """
        if subcommand not in get_commands():
            self._unknown(subcommand)
        if subcommand not in OURS and signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # Django's commands expect it
        command = super().fetch_command(subcommand)
        gc.freeze()
        gc.enable()
        return command

    def _unknown(self, subcommand: str) -> NoReturn:
        near = difflib.get_close_matches(subcommand, OURS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"try: {self.prog_name} help"
        sys.stderr.write(f"error: no command {subcommand!r}; {hint}\n")
        sys.exit(2)


def run(argv: list[str]) -> None:
    """Run one command, from the start of the process to its last flush; exit with its code."""
    if sys.stdout is None:  # the parent process has closed it
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
    """Run the command, and print an unexpected refusal as one line."""
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
    """Flush now: at exit, Python would report a closed pipe as an error.
    ``ending``: the exit code is already set.
    """
    try:
        sys.stdout.flush()
    except OSError as exc:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(exc, BrokenPipeError):
            sys.stderr.write(f"error: the output cannot be written: {exc.strerror}\n")
            if not ending:
                sys.exit(2)
