"""Define a gate as a value: frozen into a contract, hashed into each verdict."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Self

from gates import network
from gates.network import Network
from gates.problem import Problem, ProblemCode

MAX_TIMEOUT_S = 24 * 3600
MAX_CAP_BYTES = 16 << 30

# Hidden from everything that the gateway starts: its own keys and settings.
HIDDEN = frozenset({"DATABASE_URL", "SECRET_KEY"})
HIDDEN_PREFIXES = ("STUDIO_GATEWAY_", "STUDIO_FAULT", "DJANGO_")
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Definition:
    """One gate: its command, its rounds and its limits.

    ``rounds`` are the codes of the rounds in which the gate runs. ``command`` is an argv, never a
    shell line. A run that prints more than ``cap_bytes`` is stopped. A value of ``env`` may be a
    reference (``resolved``). ``network`` is what the gate may reach when it runs in a clone.
    """

    gate_id: str
    title: str
    command: tuple[str, ...]
    rounds: tuple[str, ...]
    kind: str = "command"
    required: bool = True
    timeout_s: float = 600.0
    grace_s: float = 5.0
    cap_bytes: int = 64 << 20
    env: dict[str, str] = field(default_factory=dict)
    network: Network = network.ALL

    def problems(self) -> list[Problem]:
        """Return every setting that keeps the gate from running; empty for a sound gate."""
        return [
            Problem(name, code, f"gate {self.gate_id}: {text}")
            for name, code, text in self._problems()
        ]

    def _problems(self) -> Iterator[tuple[str, ProblemCode, str]]:
        if not self.command or not self.command[0].strip():
            yield "command", ProblemCode.REQUIRED, "the command is empty"
        if not all(is_text(word) for word in self.command):
            text = "the command must be a list of UTF-8 texts without NUL"
            yield "command", ProblemCode.WRONG_FORMAT, text
        if not self.rounds:
            yield "rounds", ProblemCode.REQUIRED, "it runs in no round; name one, such as R3"
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            text = f"timeout_s must be above 0 and at most {MAX_TIMEOUT_S}"
            yield "timeout_s", ProblemCode.OUT_OF_RANGE, text
        elif not 0 <= self.grace_s < self.timeout_s:
            text = "grace_s must be at least 0 and below timeout_s"
            yield "grace_s", ProblemCode.OUT_OF_RANGE, text
        if not 0 < self.cap_bytes <= MAX_CAP_BYTES:
            text = f"cap_bytes must be above 0 and at most {MAX_CAP_BYTES}"
            yield "cap_bytes", ProblemCode.OUT_OF_RANGE, text
        if text := network.fault(self.network):
            yield "network", ProblemCode.WRONG_FORMAT, text
        for key, value in self.env.items():
            if not key or "=" in key or not is_text(key) or not is_text(value):
                text = f"{key!r} cannot be set in an environment; write NAME=VALUE"
                yield "env", ProblemCode.WRONG_FORMAT, text
            elif is_hidden(referred(value)):
                text = f"{key} refers to {referred(value)}, which the gateway passes to no program"
                yield "env", ProblemCode.WRONG_FORMAT, text

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON data: plain lists and dicts."""
        words = {"command": [*self.command], "rounds": [*self.rounds]}
        return asdict(self) | words | {"network": network.to_json(self.network)}

    def frozen(self) -> dict[str, Any]:
        """Return the JSON of the definition for a contract.

        A network without limits is left out, so that contracts and verdicts from before the
        setting keep their digest.
        """
        found = self.to_json()
        if self.network == network.ALL:
            del found["network"]
        return found

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the definition that ``to_json`` or ``frozen`` has written."""
        words: dict[str, Any] = {one: tuple(data[one]) for one in ("command", "rounds")}
        words["network"] = network.from_json(data.get("network", network.ALL))
        return cls(**{**data, **words})

    @cached_property
    def digest(self) -> str:
        """Return the hex SHA-256 of the definition; every run's evidence records it."""
        text = json.dumps(self.frozen(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def is_text(value: object) -> bool:
    """Return whether ``value`` is a text that a program can receive and a database can store."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate: bytes of a command line that were not UTF-8
        return False
    return True


def is_hidden(name: str) -> bool:
    """Return whether the variable ``name`` is reserved for the gateway and hidden from gates."""
    return name in HIDDEN or name.startswith(HIDDEN_PREFIXES)


def referred(value: str) -> str:
    """Return the variable to which a value ``${NAME}`` refers; empty for any other value."""
    found = REFERENCE.fullmatch(value)
    return found[1] if found else ""


def resolved(own: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment ``own`` with each reference replaced by its value in ``ours``.

    So a definition names a secret without holding it. A variable that refers to a missing one is
    left out.
    """
    found = {name: (value, referred(value)) for name, value in own.items()}
    return {
        name: ours[other] if other else value
        for name, (value, other) in found.items()
        if not other or other in ours
    }
