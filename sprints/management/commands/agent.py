"""``agent``: list and edit agents and their commands."""

import json
import os
import shlex
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from gates import network, users_umask
from gates.network import Network
from sprints import operations, queries
from sprints.agents.presets import PRESETS, preset
from sprints.agents.program_hosts import HOSTS, hosts_of
from sprints.contract.agent_spec import (
    CARD,
    COMMAND,
    PLACES,
    PRIVATE,
    READ,
    SCRIPTED,
    USER,
    WRITE,
    AgentDefinition,
)
from sprints.contract.json_types import JsonObject, JsonValue
from sprints.contract.output_rules import COUNTS
from sprints.management.arguments import COMMAND as COMMAND_LINE
from sprints.management.arguments import Options, argv_of, environment
from sprints.management.base import UNCHANGED, GatewayCommand, subcommand, subcommands
from sprints.management.cli_user import user
from sprints.models import Agent
from sprints.store.clones import HOMES, seen_of

FILE_BYTES = 1 << 20


class Command(GatewayCommand):
    """Translate each subcommand into one operation on agents."""

    help = (
        "List, show, change, import and export agents."
        " A running sprint keeps the agents that it started with."
    )
    writes = True
    asks = ("list", "show", "export")
    fields = {
        "timeout_s": "timeout",
        "grace_s": "grace",
        "idle_s": "idle",
        "responsibilities": "responsibility",
        "deliverables": "deliverable",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands and their options."""
        acts = subcommands(parser)
        listed = subcommand(acts, "list", "list all agents")
        listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
        listed.add_argument("--sprint", metavar="ID", help="add the agents' states in this sprint")
        shown = subcommand(acts, "show", "show one agent: its role, command and limits")
        shown.add_argument("id", metavar="ID", help="id of the agent, such as agent_01")
        shown.add_argument("--json", action="store_true", help="print JSON instead of text")
        _declare_set(subcommand(acts, "set", "change an agent", more=UNCHANGED))
        taken = subcommand(
            acts, "import", "change agents from a TOML file", more="All changes are made, or none."
        )
        taken.add_argument("file", metavar="FILE", help="TOML file, as export writes it")
        given = subcommand(acts, "export", "write all agents as TOML")
        given.add_argument("--out", metavar="FILE", help="file to write (default: standard output)")

    def handle(self, *, act: str, **options: object) -> None:
        """Run the subcommand."""
        getattr(self, f"_{act}")(options)

    def _list(self, options: Options) -> None:
        rows, states = list(Agent.objects.all()), {}
        if options["sprint"]:
            states = operations.agents.states(
                queries.get(options["sprint"]), [row.pk for row in rows]
            )
        if options["json"]:
            more = [{"state": states[row.pk]} if states else {} for row in rows]
            shown = [row.definition.to_json() | m for row, m in zip(rows, more, strict=True)]
            self.stdout.write(json.dumps(shown, indent=2, sort_keys=True))
            return
        from sprints.management import tables

        tables.agents(rows, states)

    def _show(self, options: Options) -> None:
        agent = operations.agents.get(options["id"]).definition
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
        policy = "read: the agent may change nothing" if agent.policy == READ else ""
        home = f"{PRIVATE}: {seen_of(settings.STORE.root, HOMES) / agent.agent_id}"
        reach = agent.network != (network.ALL if agent.command else (network.PROGRAM,))
        for name, value in (
            ("model", agent.model),
            ("environment", env),
            ("policy", policy),
            ("home", home if agent.home == PRIVATE and agent.command else ""),
            ("network", network.typed(agent.network) if reach else ""),
        ):
            if value:
                self.stdout.write(f"{name}: {value}")
        idle = f"{agent.idle_s:g} s" if agent.idle_s else "no limit"
        self.stdout.write(
            f"limits: timeout {agent.timeout_s:g} s, grace {agent.grace_s:g} s, idle {idle}"
        )

    def _set(self, options: Options) -> None:
        agent = operations.agents.get(options["id"]).definition
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
            "home": options["home"],
            "network": self._network(options, argv or known.get("command") or agent.command),
            "timeout_s": options["timeout"],
            "grace_s": options["grace"],
            "idle_s": options["idle"],
            "env": environment(options["env"]),
            "pass_env": _lines(options["pass_env"]),
        }
        if known:  # the options add to the environment of a preset
            for name, none in (("env", {}), ("pass_env", ())):
                changed[name] = _joined(known.get(name, none), changed[name])
        given = {key: value for key, value in changed.items() if value is not None}
        read = _reading(known.get("reply", agent.reply), field, options["usage"])
        made = replace(agent, **{**known, **given, "reply": read})
        done = operations.agents.put([made], user())
        self.stdout.write(f"changed agent {options['id']}" if done else "nothing to change")

    def _network(self, options: Options, command: tuple[str, ...]) -> Network | None:
        if options["network"] is None:
            return None
        asked = network.parse(options["network"])
        if network.PROGRAM in asked and hosts_of(command) is None:
            names = ", ".join(HOSTS)
            raise CommandError(f"its command names no known program ({names}); name the hosts")
        return asked

    def _preset(self, options: Options, agent: AgentDefinition) -> JsonObject:
        name = options["preset"]
        if name is None:
            if options["more"] is not None:
                raise CommandError("--more needs --preset; add --preset, or use --command")
            return {}
        if name not in PRESETS:
            raise CommandError(f"no preset {name!r}; use one of: {', '.join(PRESETS)}")
        if options["command"] is not None:
            raise CommandError("--preset has its own command; use --preset or --command, not both")
        model = agent.model if options["model"] is None else options["model"]
        policy = options["policy"] or agent.policy
        return preset(name, model, argv_of(options["more"]) or (), policy)

    def _import(self, options: Options) -> None:
        done = operations.agents.import_toml(_text_of(options["file"]), user())
        self.stdout.write(f"changed: {', '.join(done)}" if done else "nothing to change")

    def _export(self, options: Options) -> None:
        text = operations.agents.export_toml()
        if options["out"] is None:
            self.stdout.write(text, ending="")
            return
        _keep(Path(options["out"]), text)
        self.stdout.write(f"wrote {options['out']}")


def _declare_set(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="id of the agent, such as agent_01")
    parser.add_argument("--title", metavar="T", help="title, one line")
    parser.add_argument("--mission", metavar="T", help="mission; part of the agent's prompts")
    for option, what in (
        ("--responsibility", "responsibility"),
        ("--authority", "sentence about what the agent may or may not decide"),
        ("--deliverable", "deliverable"),
    ):
        parser.add_argument(
            option,
            action="append",
            metavar="T",
            help=f"{what}; part of the agent's prompts; repeatable, '' removes all",
        )
    parser.add_argument(
        "--runner",
        metavar="R",
        help=f"source of the replies: {SCRIPTED} (the gateway) or {COMMAND} (the program of"
        " --command)",
    )
    parser.add_argument(
        "--command",
        metavar="C",
        help=f"{COMMAND_LINE}. The placeholders {', '.join(PLACES)} are replaced; without"
        f" {PLACES[0]}, the prompt comes on standard input",
    )
    parser.add_argument(
        "--preset", metavar="P", help=f"command of a known coding agent: {', '.join(PRESETS)}"
    )
    parser.add_argument(
        "--more", metavar="W", help="extra arguments at the end of the preset's command"
    )
    parser.add_argument("--model", metavar="M", help="text that replaces {model} in the command")
    parser.add_argument(
        "--timeout", type=float, metavar="S", help="time limit in seconds (default 600)"
    )
    parser.add_argument(
        "--grace",
        type=float,
        metavar="S",
        help="seconds between SIGTERM and SIGKILL (default 5)",
    )
    parser.add_argument(
        "--idle",
        type=float,
        metavar="S",
        help="stop after this many seconds without output and CPU time (default 300; 0: never)",
    )
    parser.add_argument(
        "--pass-env",
        action="append",
        metavar="NAME",
        help="environment variable to pass on to the command, such as an API key; repeatable,"
        " '' removes all",
    )
    parser.add_argument(
        "--env",
        action="append",
        metavar="NAME=VALUE",
        help="environment variable for the command; the value '${NAME}' refers to the variable"
        " NAME of the gateway, for example a secret; repeatable, '' removes all",
    )
    parser.add_argument(
        "--reply-field",
        metavar="F",
        help="field with the reply, if the command prints JSON; '' for plain text",
    )
    parser.add_argument(
        "--usage",
        action="append",
        metavar="KEY=FIELD",
        help=f"field of the JSON output that holds a token count or the cost; KEY is one of"
        f" {', '.join(COUNTS)}; repeatable",
    )
    parser.add_argument(
        "--policy",
        metavar="P",
        help=f"access to the sprint's clone: {WRITE} or {READ} (default {WRITE})",
    )
    parser.add_argument(
        "--home",
        metavar="H",
        help=f"HOME of the command in the sandbox: {PRIVATE} (a folder of its own) or {USER}"
        f" (yours; default {PRIVATE})",
    )
    parser.add_argument(
        "--network",
        metavar="N",
        help="network of the agent in a clone: all, none, hosts between commas such as"
        f" 'pypi.org,*.example.org,localhost:5432', or {network.PROGRAM} (default of a new agent),"
        " also among hosts: those that its known program needs, those that its own addresses"
        " name, and public registries of packages",
    )


def _joined(known: JsonValue, given: JsonValue) -> JsonValue:
    """Return the values of a preset together with those of the options."""
    if given is None:
        return known
    return known | given if isinstance(given, dict) else tuple(dict.fromkeys((*known, *given)))


def _reading(
    there: JsonObject | None, field: str | None, usage: list[str] | None
) -> JsonObject | None:
    """Return the rules to read the output, with the given reply field and usage fields."""
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
    """Return the lines of an option, None without it; one empty line means no lines."""
    return None if given is None else () if given == [""] else tuple(given)


def _keep(path: Path, text: str) -> None:
    """Write the whole file or nothing. Raises ``CommandError``."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            made.write_text(text, "utf-8")
            users_umask.give(made)
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
            raise CommandError(f"{path} is larger than {FILE_BYTES} bytes")
        return raw.decode("utf-8-sig")
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or "it is not UTF-8"
        raise CommandError(f"{path} cannot be read: {why}") from exc
