"""Define an agent as a value: its card, and the command that runs it."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Self

from gates import network
from gates.definition import is_hidden, is_text, referred
from gates.network import Network
from gates.problem import Problem, ProblemCode
from sprints.contract import output_rules
from sprints.contract.json_types import JsonObject

SCRIPTED, COMMAND = "scripted", "command"
WRITE, READ = "write", "read"
PRIVATE, USER = "private", "user"
MAX_TIMEOUT_S = 24 * 3600.0
MAX_GRACE_S = 600.0
CAP_BYTES = 64 << 20
LISTS = ("command", "pass_env")
PLACES = ("{prompt_file}", "{model}", "{cwd}", "{session}")  # placeholders in the command
CARD = ("responsibilities", "authority", "deliverables")  # fields of the card: a line each
MOST_LINES, LONGEST_LINE = 20, 300
MOST_WORDS, LONGEST_WORD, LONGEST_MISSION = 200, 8000, 4000


Reason = tuple[str, ProblemCode, str]  # a field, why it is refused, and that in words


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """One agent: its role, its command and its limits.

    ``label`` names its role in files and prompts, ``title`` is for people. ``command`` is an argv,
    never a shell line, in which ``PLACES`` are filled in. ``pass_env`` names the variables of our
    environment that the agent receives; ``env`` adds further ones.

    ``reply`` are the rules that read the output (``sprints.contract.output_rules``), above all
    where the answer is; None takes the whole output. ``idle_s`` is how many seconds the agent may
    neither print nor compute; 0 sets no limit. ``CARD`` names the fields that its prompts show next
    to the mission. By its ``policy`` it may ``write`` in its clone, or only ``read`` there. Its
    ``home`` in a sandbox is a ``private`` folder, or that of the ``user`` who runs the gateway, and
    ``network`` is what it may reach there.
    """

    agent_id: str
    label: str
    title: str
    mission: str
    runner: str = SCRIPTED
    command: tuple[str, ...] = ()
    model: str = ""
    timeout_s: float = 600.0
    grace_s: float = 5.0
    idle_s: float = 300.0
    pass_env: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    reply: JsonObject | None = None
    responsibilities: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    deliverables: tuple[str, ...] = ()
    policy: str = WRITE
    home: str = PRIVATE
    network: Network = network.ALL

    def problems(self) -> list[Problem]:
        """Return every setting that keeps the agent from being asked; empty for a sound agent."""
        return [
            Problem(name, code, f"{self.agent_id}: {text}") for name, code, text in self._problems()
        ]

    def _problems(self) -> Iterator[Reason]:
        if not is_line(self.title, 80):
            text = "a title is one line of 1 to 80 characters"
            yield "title", ProblemCode.WRONG_FORMAT, text
        if not self.mission.strip() or len(self.mission) > LONGEST_MISSION:
            text = f"a mission is a text of 1 to {LONGEST_MISSION} characters"
            yield "mission", ProblemCode.WRONG_FORMAT, text
        if not is_text(self.mission):
            yield "mission", ProblemCode.WRONG_FORMAT, "a mission is a UTF-8 text without NUL"
        for name in CARD:
            lines = getattr(self, name)
            if len(lines) > MOST_LINES or not all(is_line(line, LONGEST_LINE) for line in lines):
                text = f"{name} are at most {MOST_LINES} lines of 1 to {LONGEST_LINE} characters"
                yield name, ProblemCode.WRONG_FORMAT, text
        if self.model and not is_line(self.model, 100):
            text = "a model is one word or line of at most 100 characters"
            yield "model", ProblemCode.WRONG_FORMAT, text
        if self.runner not in (SCRIPTED, COMMAND):
            text = f"no runner {self.runner!r}; there are: {SCRIPTED}, {COMMAND}"
            yield "runner", ProblemCode.UNKNOWN_CHOICE, text
        if self.policy not in (WRITE, READ):
            text = f"no policy {self.policy!r}; there are: {WRITE}, {READ}"
            yield "policy", ProblemCode.UNKNOWN_CHOICE, text
        if self.home not in (PRIVATE, USER):
            text = f"no home {self.home!r}; there are: {PRIVATE}, {USER}"
            yield "home", ProblemCode.UNKNOWN_CHOICE, text
        if text := network.fault(self.network):
            yield "network", ProblemCode.WRONG_FORMAT, text
        yield from self._bad_command()
        yield from self._bad_limits()
        for name in self.pass_env:
            if not may_pass(name):
                text = f"{name!r} cannot be the name of an environment variable that is passed on"
                yield "pass_env", ProblemCode.WRONG_FORMAT, text
        for name, value in self.env.items():
            if not may_pass(name) or not is_text(value) or is_hidden(referred(value)):
                yield "env", ProblemCode.WRONG_FORMAT, f"{name!r} cannot be set in its environment"
        if self.reply is not None:
            for text in output_rules.problems(self.reply):
                yield "reply", ProblemCode.WRONG_FORMAT, text

    def _bad_command(self) -> Iterator[Reason]:
        if not all(is_text(word) and len(word) <= LONGEST_WORD for word in self.command):
            text = f"a command is a list of UTF-8 texts without NUL, {LONGEST_WORD} long at most"
            yield "command", ProblemCode.WRONG_FORMAT, text
        if len(self.command) > MOST_WORDS:
            yield "command", ProblemCode.TOO_LONG, f"a command has at most {MOST_WORDS} words"
        if self.runner == COMMAND and not (self.command and self.command[0].strip()):
            yield "command", ProblemCode.REQUIRED, "the runner command needs a command"
        if any("{model}" in word for word in self.command) and not self.model:
            text = "its command names {model}, and the agent has no model; set one"
            yield "model", ProblemCode.REQUIRED, text

    def _bad_limits(self) -> Iterator[Reason]:
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            text = f"its timeout must be above 0 and at most {MAX_TIMEOUT_S:g} seconds"
            yield "timeout_s", ProblemCode.OUT_OF_RANGE, text
        if not 0 <= self.grace_s <= MAX_GRACE_S:
            text = f"its grace must be 0 to {MAX_GRACE_S:g} seconds"
            yield "grace_s", ProblemCode.OUT_OF_RANGE, text
        if not math.isfinite(self.idle_s) or self.idle_s < 0:
            text = "idle must be a number of seconds, 0 for never"
            yield "idle_s", ProblemCode.OUT_OF_RANGE, text

    def to_json(self) -> JsonObject:
        """Return the definition as JSON data: plain lists and dicts."""
        words = {name: [*getattr(self, name)] for name in (*LISTS, *CARD)}
        return asdict(self) | words | {"network": network.to_json(self.network)}

    def frozen(self) -> JsonObject:
        """Return the JSON of the definition for a contract.

        Empty card fields, the policy ``write``, the home ``user`` and the network ``all`` are left
        out, so that contracts frozen before those fields existed keep their digest.
        """
        usual = {"policy": WRITE, "home": USER, "network": network.ALL}
        return {
            key: value
            for key, value in self.to_json().items()
            if (value or key not in CARD) and (key not in usual or value != usual[key])
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        """Return the definition that ``to_json`` or ``frozen`` has written.

        Without a home, it was written when every agent had the user's.
        """
        words = {name: tuple(data.get(name, ())) for name in (*LISTS, *CARD)}
        reach = network.from_json(data.get("network", network.ALL))
        return cls(**{"home": USER, **data, **words, "network": reach})


def is_line(text: object, longest: int) -> bool:
    """Return whether ``text`` is one printable, non-empty line of up to ``longest`` characters."""
    return isinstance(text, str) and 0 < len(text.strip()) <= longest and text.isprintable()


def may_pass(name: object) -> bool:
    """Return whether a variable of our environment may be passed on to an agent."""
    return (
        is_line(name, 100)
        and isinstance(name, str)
        and "=" not in name
        and not any(c.isspace() for c in name)
        and not is_hidden(name)
    )
