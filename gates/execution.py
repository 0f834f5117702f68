"""Define one execution as values: what to run, why to stop it, how it ended."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, get_args

from gates.sandbox import Sandbox
from gates.verdict import Cause

COOKIE = "STUDIO_GATEWAY_RUN"

Ending = Literal[
    "exited",
    "signalled",
    "missing",
    "not_executable",
    "timed_out",
    "too_loud",
    "stopped",
    "idle",
    "error",
]


@dataclass(frozen=True, slots=True)
class Stop:
    """A request to end a gate, with its reason; ``kill`` leaves the gate no grace, and ``idle``
    says that it has done nothing for too long.
    """

    reason: str
    kill: bool = False
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Completed:
    """The result of one execution. Every field but ``ending`` may occur with every ending.

    ``exit_code`` is negative for a signal, 127 for a missing program, 126 for one that is not
    executable. It is None where nothing ran or the end was not observed. ``stdout_bytes`` and
    ``stderr_bytes`` are in the files; ``dropped_bytes`` exceeded the cap and were cut off.
    ``strays_killed`` counts processes that outlived a gate which ended by itself. ``confined`` is
    false where the system cannot list processes that left the gate's group. ``duration_s`` is in
    seconds on a monotonic clock; ``started_at`` and ``finished_at`` are seconds since the epoch.
    ``sandbox`` is the sandbox used: ``landlock abi N``, ``unavailable: why`` or ``off``; empty
    where nothing ran. ``network`` is what a program without free network reached, or tried in
    vain to reach.
    """

    ending: Ending
    exit_code: int | None
    reason: str
    duration_s: float
    stdout_bytes: int
    stderr_bytes: int
    dropped_bytes: int
    strays_killed: int
    confined: bool
    started_at: float
    finished_at: float
    sandbox: str = ""
    network: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cause(self) -> Cause:
        """Return why it ended, if not by its own exit."""
        return Cause.NONE if self.ending == "exited" else Cause(self.ending)

    @classmethod
    def error(cls, reason: str, started_at: float, finished_at: float) -> Self:
        """Return the result of an execution that failed outside the gate, without output."""
        duration_s = max(0.0, finished_at - started_at)
        return cls("error", None, reason, duration_s, 0, 0, 0, 0, False, started_at, finished_at)

    @classmethod
    def from_json(cls, data: Any, token: str) -> Self | None:
        """Return the result that the supervisor wrote under ``token``; None for any other data."""
        try:
            if data["token"] != token or data["ending"] not in get_args(Ending):
                return None
            code = data["exit_code"]
            return cls(
                ending=data["ending"],
                exit_code=None if code is None else int(code),
                reason=str(data["reason"]),
                duration_s=float(data["duration_s"]),
                stdout_bytes=int(data["stdout_bytes"]),
                stderr_bytes=int(data["stderr_bytes"]),
                dropped_bytes=int(data["dropped_bytes"]),
                strays_killed=int(data["strays_killed"]),
                confined=data["confined"] is True,
                started_at=float(data["started_at"]),
                finished_at=float(data["finished_at"]),
                sandbox=str(data.get("sandbox", "")),
                network=dict(data.get("network", {})),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Spec:
    """The command to run, with its environment, folder and limits.

    ``argv[0]`` is looked up in the PATH of ``env``. The gate gets only ``env`` and the cookie that
    carries ``run_id``.

    ``run_dir`` is made if it is missing and receives ``stdout.txt``, ``stderr.txt``,
    ``process.json`` and ``result.json``. ``token`` identifies the result of this execution.
    ``cap_bytes`` counts both outputs together. ``lease_s`` is the time in seconds for which a gate
    outlives a frozen worker. ``stdin`` is a file for its standard input, which is empty without
    one. ``not_after`` is on the monotonic clock that all processes share; later the gate is not
    started, and its ending is "stopped". ``secrets`` are removed from its output
    (``gates.redaction``). With a ``sandbox``, the gate gets its own folder for temporary files,
    which is deleted when the gate ends.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    run_dir: Path
    run_id: str
    token: str
    timeout_s: float
    grace_s: float = 5.0
    cap_bytes: int = 64 << 20
    lease_s: float = 15.0
    stdin: Path | None = None
    not_after: float = math.inf
    secrets: tuple[str, ...] = ()
    sandbox: Sandbox | None = None

    def fault(self) -> str | None:
        """Return in one line why this can run on no system; None if it can be tried."""
        if not self.argv or not self.argv[0]:
            return "the command is empty"
        for what, text in self._texts():
            if "\0" in text:
                return f"{what} contains a NUL byte: {text!r}"
            try:
                os.fsencode(text)
            except UnicodeEncodeError:
                return f"{what} contains a character that no file name can hold: {text!r}"
        for name in self.env:
            if not name or "=" in name:
                return f"an environment variable cannot be named {name!r}"
        return None

    def _texts(self) -> list[tuple[str, str]]:
        found = [("the command", word) for word in self.argv]
        found += [("the environment", word) for item in self.env.items() for word in item]
        found += [("the working directory", str(self.cwd)), ("the run folder", str(self.run_dir))]
        found += [("the input", str(self.stdin))] if self.stdin else []
        return [*found, ("the run id", self.run_id)]

    def to_line(self) -> bytes:
        """Return the spec as one line of JSON for the supervisor.

        A text holds its bytes decoded as ISO 8859-1, so the locales of both sides do not matter.
        """
        env = {**self.env, COOKIE: self.run_id}
        data = {
            "argv": [_bytes(word) for word in self.argv],
            "cwd": _bytes(str(self.cwd.absolute())),
            "env": {_bytes(name): _bytes(value) for name, value in env.items()},
            "run_dir": _bytes(str(self.run_dir.absolute())),
            "run_id": self.run_id,
            "token": self.token,
            "timeout_s": self.timeout_s,
            "grace_s": self.grace_s,
            "cap_bytes": self.cap_bytes,
            "lease_s": self.lease_s,
            "not_after": None if math.isinf(self.not_after) else self.not_after,
            "stdin": _bytes(str(self.stdin.absolute() if self.stdin else os.devnull)),
            "secrets": self.secrets,
            "sandbox": self.sandbox.to_json() if self.sandbox else None,
        }
        return json.dumps(data).encode() + b"\n"


def _bytes(text: str) -> str:
    return os.fsencode(text).decode("latin-1")
