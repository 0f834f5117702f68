"""``agent``: show and edit who is asked, and by what program."""

import json
import os
import shlex
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from sprints import operations, queries
from sprints.agents.presets import PRESETS, preset
from sprints.contract.agent_spec import (
    CARD,
    COMMAND,
    PLACES,
    READ,
    SCRIPTED,
    WRITE,
    AgentDefinition,
)
from sprints.contract.output_rules import COUNTS
from sprints.definitions import agents, agents_toml
from sprints.management.arguments import argv_of, environment
from sprints.management.base import GatewayCommand, subcommands
from sprints.management.cli_user import user
from sprints.models import Agent

FILE_BYTES = 1 << 20


class Command(GatewayCommand):
    """The agents of the roster; a running sprint keeps the ones that it started with."""

    help = "List, show, change, import or export agents. A sprint keeps those it started with."
    writes = True
    asks = ("list", "show", "export")

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the acts and their options."""
        acts = subcommands(parser)
        listed = acts.add_parser("list", help="all agents")
        listed.add_argument("--json", action="store_true", help="a JSON array")
        listed.add_argument("--sprint", metavar="ID", help="with their states in that sprint")
        shown = acts.add_parser("show", help="one agent: its card and its program")
        shown.add_argument("id", metavar="ID")
        shown.add_argument("--json", action="store_true", help="a JSON object")
        made = acts.add_parser("set", help="change an agent")
        made.add_argument("id", metavar="ID")
        made.add_argument("--title", help="one line for people")
        made.add_argument("--mission", help="what it is there for; goes into its prompts")
        for option, what in (
            ("--responsibility", "what it sees to"),
            ("--authority", "what it may decide, and what not"),
            ("--deliverable", "what it hands over"),
        ):
            made.add_argument(
                option, action="append", metavar="T", help=f"{what}; may be repeated, '' for none"
            )
        made.add_argument("--runner", help=f"{SCRIPTED} or {COMMAND}")
        made.add_argument(
            "--command",
            help=f"what to run, split as a shell would; no shell runs it. "
            f"{', '.join(PLACES)} are filled in; without the first, the prompt is on stdin",
        )
        made.add_argument("--preset", help=f"a known program: {', '.join(PRESETS)}")
        made.add_argument("--more", metavar="W", help="words behind the options of a preset")
        made.add_argument("--model", help="what {model} stands for")
        made.add_argument("--timeout", type=float, metavar="S", help="seconds (600)")
        made.add_argument("--grace", type=float, metavar="S", help="seconds to end in (5)")
        made.add_argument(
            "--idle", type=float, metavar="S", help="seconds without output or CPU (300), 0: never"
        )
        made.add_argument(
            "--pass-env", action="append", metavar="NAME", help="a variable that it gets, too"
        )
        made.add_argument(
            "--env", action="append", metavar="K=V", help="may be repeated; no secrets"
        )
        made.add_argument("--reply-field", metavar="F", help="of JSON that it prints, '' for none")
        made.add_argument(
            "--usage",
            action="append",
            metavar="K=F",
            help=f"{', '.join(COUNTS)}: a field; repeated",
        )
        made.add_argument("--policy", help=f"in its clone: {WRITE} or {READ}")
        taken = acts.add_parser("import", help="change agents as a TOML file says")
        taken.add_argument("file", metavar="FILE")
        given = acts.add_parser("export", help="all agents as TOML")
        given.add_argument("--out", metavar="FILE", help="to that file (standard output)")

    def handle(self, *, act: str, **options: Any) -> None:
        """Translate the act into its operation."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows, states = list(Agent.objects.all()), {}
        if options["sprint"]:
            states = agents.states(queries.get(options["sprint"]), [row.pk for row in rows])
        if options["json"]:
            more = [{"state": states[row.pk]} if states else {} for row in rows]
            shown = [row.definition.to_json() | m for row, m in zip(rows, more, strict=True)]
            self.stdout.write(json.dumps(shown, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.agents(rows, states)

    def _show(self, options: dict[str, Any]) -> None:
        agent = agents.get(options["id"]).definition
        if options["json"]:
            self.stdout.write(json.dumps(agent.to_json(), indent=2, sort_keys=True))
            return
        self.stdout.write(f"{agent.agent_id} {agent.label}: {agent.title}\n{agent.mission}")
        self.stdout.write(f"runner: {agent.runner}")
        if agent.command:
            self.stdout.write(f"command: {shlex.join(agent.command)}")
        for name in CARD:
            if lines := getattr(agent, name):
                self.stdout.write("\n".join([f"{name}:", *(f"  {line}" for line in lines)]))
        env = " ".join([*agent.pass_env, *(f"{k}={v}" for k, v in agent.env.items())])
        policy = "read: it may change nothing" if agent.policy == READ else ""
        for name, value in (("model", agent.model), ("gets", env), ("policy", policy)):
            if value:
                self.stdout.write(f"{name}: {value}")
        idle = f"{agent.idle_s:g} s idle" if agent.idle_s else "never idle"
        limits = f"{agent.timeout_s:g} s, {agent.grace_s:g} s to end in, {idle}"
        self.stdout.write(f"limits: {limits}")

    def _set(self, options: dict[str, Any]) -> None:
        agent = agents.get(options["id"]).definition
        known = self._preset(options, agent)
        argv = argv_of(options["command"])
        runner = COMMAND if argv is not None else None
        field = options["reply_field"]
        changed = {
            "title": options["title"],
            "mission": options["mission"],
            "responsibilities": _lines(options["responsibility"]),
            "authority": _lines(options["authority"]),
            "deliverables": _lines(options["deliverable"]),
            "runner": options["runner"] or runner,
            "command": argv,
            "model": options["model"],
            "policy": options["policy"],
            "timeout_s": options["timeout"],
            "grace_s": options["grace"],
            "idle_s": options["idle"],
            "env": environment(options["env"]),
            "pass_env": None if options["pass_env"] is None else tuple(options["pass_env"]),
        }
        if known:  # what a preset passes on and sets is needed, whatever comes to it
            for name, none in (("env", {}), ("pass_env", ())):
                changed[name] = _joined(known.get(name, none), changed[name])
        given = {key: value for key, value in changed.items() if value is not None}
        read = _reading(known.get("reply", agent.reply), field, options["usage"])
        made = replace(agent, **{**known, **given, "reply": read})
        done = operations.proved(lambda: agents.put([made], user()))
        self.stdout.write(f"changed agent {options['id']}" if done else "nothing to change")

    def _preset(self, options: dict[str, Any], agent: AgentDefinition) -> dict[str, Any]:
        name = options["preset"]
        if name is None:
            if options["more"] is not None:
                raise CommandError("--more is for a preset; name one, or give a whole --command")
            return {}
        if name not in PRESETS:
            raise CommandError(f"no preset {name!r}; there are: {', '.join(PRESETS)}")
        if options["command"] is not None:
            raise CommandError("a preset brings its own command; leave one of the two out")
        model = agent.model if options["model"] is None else options["model"]
        policy = options["policy"] or agent.policy
        return preset(name, model, argv_of(options["more"]) or (), policy)

    def _import(self, options: dict[str, Any]) -> None:
        there = [row.definition for row in Agent.objects.all()]
        read = agents_toml.read(_text_of(options["file"]), there)
        done = operations.proved(lambda: agents.put(read, user()))
        self.stdout.write(f"changed: {', '.join(done)}" if done else "nothing to change")

    def _export(self, options: dict[str, Any]) -> None:
        rows = (row.definition for row in Agent.objects.all())
        text = agents_toml.written(rows)
        if options["out"] is None:
            self.stdout.write(text, ending="")
            return
        _keep(Path(options["out"]), text)
        self.stdout.write(f"wrote {options['out']}")


def _joined(known: Any, given: Any) -> Any:
    """What a preset has and what is given beside it."""
    if given is None:
        return known
    return known | given if isinstance(given, dict) else tuple(dict.fromkeys((*known, *given)))


def _reading(
    there: dict[str, Any] | None, field: str | None, usage: list[str] | None
) -> dict[str, Any] | None:
    """How it is read, after a field for the reply and fields for what is used."""
    rules = dict(there or {})
    if field is not None:
        rules = {key: value for key, value in rules.items() if key not in ("take", "where")}
        rules |= {"take": field} if field else {}
    if usage is not None:
        rules.pop("usage", None)
        pairs = dict(one.partition("=")[::2] for one in usage if one)
        rules |= {"usage": {"last": pairs}} if pairs else {}
    return rules or None


def _lines(given: list[str] | None) -> tuple[str, ...] | None:
    """The lines of a card; None where none were given, and one that is empty is none."""
    return None if given is None else () if given == [""] else tuple(given)


def _keep(path: Path, text: str) -> None:
    """Write the file, whole or not at all. Raises ``CommandError``."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            made.write_text(text, "utf-8")
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise CommandError(f"{path} cannot be written: {why}") from exc


def _text_of(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(FILE_BYTES + 1)
        if len(raw) > FILE_BYTES:
            raise CommandError(f"{path} is over {FILE_BYTES} bytes")
        return raw.decode("utf-8-sig")
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or "it is not UTF-8"
        raise CommandError(f"{path} cannot be read: {why}") from exc
