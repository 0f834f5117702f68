"""Define the sandbox for agents and gates in a clone: the contract's setting, and the paths."""

import os
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gates.sandbox import Sandbox
from gates.supervision import landlock
from sprints.contract.agent_spec import USER
from sprints.contract.json_types import JsonMapping, JsonObject

AUTO, REQUIRED, NONE = "auto", "required", "none"
# Programs by which git connects to a remote and signs in there.
GIT_SSH, GIT_ASKPASS = "STUDIO_GATEWAY_GIT_SSH_COMMAND", "STUDIO_GATEWAY_GIT_ASKPASS"
OFF = "off"  # the sandbox of a run without one
MODES = (AUTO, REQUIRED, NONE)
MOST_PATHS = 50
WHOLE_ABI = 3  # the first version that also protects files from truncation
CODE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """The sandbox setting of a contract.

    ``auto`` uses the sandbox where the kernel supports it and reports where not, ``required`` then
    runs nothing, ``none`` never uses one. ``paths`` may be written in addition; ``~/`` is the HOME
    of the runner's user. ``gates`` is the HOME of gates: the ``user``'s, or a ``private`` one.
    """

    mode: str = AUTO
    paths: tuple[str, ...] = ()
    gates: str = USER

    def to_json(self) -> JsonObject:
        """Return the setting as JSON data for the contract, whose older ones name no HOME."""
        home = {} if self.gates == USER else {"gates": self.gates}
        return {"mode": self.mode, "paths": [*self.paths], **home}

    @classmethod
    def from_json(cls, data: JsonMapping) -> Self:
        """Return the setting that ``to_json`` has written; an empty dict gives the default."""
        paths = tuple(data.get("paths", ()))
        return cls(data.get("mode", AUTO), paths, data.get("gates", USER))

    def refusal(self) -> str:
        """Return why no command may start here, with the fix to type; empty otherwise."""
        if self.mode != REQUIRED or not (why := lacking()):
            return ""
        hint = "studio-gateway config set confinement auto"
        return f"confinement is required, and {why}; to do without it: {hint}"


USUAL = SandboxSettings()


def lacking() -> str:
    """Return why this machine has no sandbox; empty if it has one."""
    try:
        landlock.abi()
    except OSError as exc:
        return str(exc.strerror)
    return ""


def state(mode: str) -> str:
    """Return the sandbox of commands that start now, in the words of the evidence of a run."""
    if mode == NONE:
        return OFF
    why = lacking()
    return f"unavailable: {why}" if why else f"landlock abi {landlock.abi()}"


def unconfined(mode: str) -> str:
    """Return the ``state`` of commands that start now without a sandbox; empty with one."""
    return state(mode) if mode == NONE or lacking() else ""


def judged(mode: str) -> tuple[str, str, str]:
    """Return a doctor's finding: ok, warn or bad; its text; the fix."""
    now = state(mode)
    if now == OFF:
        again = "studio-gateway config set confinement auto"
        return "warn", "agents and gates run without a sandbox, as config.json says", again
    if why := lacking():
        level = "bad" if mode == REQUIRED else "warn"
        return level, f"no sandbox: {why}", "use Linux 6.2 or newer with Landlock"
    if landlock.abi() < WHOLE_ABI:
        text = f"{now}: a program can still empty a file outside its clone"
        return "warn", text, "use Linux 6.2 or newer"
    text = f"agents and gates in a clone run in a sandbox: {now}"
    parts = landlock.listed_parts(landlock.abi())
    return "ok", f"{text}; agents with a private HOME: {parts}", ""


def is_path(text: object) -> bool:
    """Return whether ``text`` is a path that may be declared: absolute, or below the HOME."""
    return (
        isinstance(text, str)
        and text.isprintable()
        and (text.startswith(("/", "~/")) or text == "~")
        and ".." not in text.split("/")
    )


def sandbox_for(
    terms: SandboxSettings,
    repo: Path,
    closed: Iterable[Path],
    tree: Path,
    *,
    shown: Iterable[Path] = (),
    writes: bool = True,
) -> Sandbox | None:
    """Return the sandbox for a command in the clone ``tree``, read-only unless it ``writes``.

    None if the setting is ``none``. The command may read the paths ``shown``, and nothing else of
    the ``closed`` folders: the store and the clones of all stores. Even declared paths never make
    the checkout and the gateway's own code writable.
    """
    if terms.mode == NONE:
        return None
    return Sandbox(
        own=(tree,) if writes else (),
        shown=(*shown, *(() if writes else (tree,))),
        writable=tuple(Path(path).expanduser() for path in terms.paths),
        closed=(*closed,),
        kept=(
            *(repo, *_git_of(repo), CODE, Path(sys.prefix), Path(sys.base_prefix)),
            *_searched(),
            *_for_git(),
            *_of_others(),
        ),
        required=terms.mode == REQUIRED,
    )


def _git_of(repo: Path) -> Iterator[Path]:
    """Yield the repository of a linked worktree, which lies elsewhere."""
    link = repo / ".git"
    if link.is_file():
        named = link.read_text("utf-8", "replace").removeprefix("gitdir:").strip()
        yield (repo / named).parents[1]


def _for_git() -> Iterator[Path]:
    """Yield the credential programs of git that the gateway's environment names."""
    for name in (GIT_SSH, GIT_ASKPASS):
        with suppress(ValueError):
            for word in shlex.split(os.environ.get(name, "")):
                path = word[word.find("/") :] if "/" in word else ""
                yield from (Path(one).expanduser() for one in (path, word) if one[:1] in ("/", "~"))


def _of_others() -> Iterator[Path]:
    """Yield the temporary folders of other runs."""
    for pattern in ("sgw-*", "studio-gateway-*"):
        yield from Path(tempfile.gettempdir()).glob(pattern)


def _searched() -> Iterator[Path]:
    """Yield the folders in which the gateway looks for programs."""
    for name in os.environ.get("PATH", "").split(os.pathsep):
        if name.startswith("/"):
            yield Path(name)
