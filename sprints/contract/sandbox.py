"""How far the programs of a sprint may reach that works in a clone: what its contract says of it,
and the fence that comes of that.
"""

import os
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gates.fence import Fence
from gates.supervision import landlock

AUTO, REQUIRED, NONE = "auto", "required", "none"
# By which programs git reaches a remote and signs in there.
GIT_SSH, GIT_ASKPASS = "STUDIO_GATEWAY_GIT_SSH_COMMAND", "STUDIO_GATEWAY_GIT_ASKPASS"
OFF = "off"  # what a run says of itself that nothing has confined
MODES = (AUTO, REQUIRED, NONE)
MOST_PATHS = 50
WHOLE_ABI = 3  # the first by which a file cannot be emptied either
CODE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Confinement:
    """``auto`` confines where the kernel can and says so where it cannot, ``required`` runs nothing
    there, ``none`` confines nothing. ``paths`` may be written besides; ``~/`` is the HOME of who
    carries the sprint.
    """

    mode: str = AUTO
    paths: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is frozen with the contract."""
        return {"mode": self.mode, "paths": [*self.paths]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``to_json``; empty as it was frozen before there was a choice."""
        return cls(data.get("mode", AUTO), tuple(data.get("paths", ())))

    def refusal(self) -> str:
        """Why no program may be started here, in a line that says what to type; empty otherwise."""
        if self.mode != REQUIRED or not (why := lacking()):
            return ""
        hint = "studio-gateway config set confinement auto"
        return f"confinement is required, and {why}; to do without it: {hint}"


USUAL = Confinement()


def lacking() -> str:
    """Why this machine cannot confine a program; empty where it can."""
    try:
        landlock.abi()
    except OSError as exc:
        return str(exc.strerror)
    return ""


def state(mode: str) -> str:
    """What holds here for programs that start now, in the words that a run has for it."""
    if mode == NONE:
        return OFF
    why = lacking()
    return f"unavailable: {why}" if why else f"landlock abi {landlock.abi()}"


def judged(mode: str) -> tuple[str, str, str]:
    """What a doctor says of that: ok, warn or bad, in words, and what to type."""
    now = state(mode)
    if now == OFF:
        again = "studio-gateway config set confinement auto"
        return "warn", "programs are not confined, as config.json wants it", again
    if why := lacking():
        level = "bad" if mode == REQUIRED else "warn"
        return level, f"programs cannot be confined: {why}", "use Linux 6.2 or newer with Landlock"
    if landlock.abi() < WHOLE_ABI:
        text = f"{now}: a program can still empty a file outside its clone"
        return "warn", text, "use Linux 6.2 or newer"
    return "ok", f"programs that work in a clone are confined: {now}", ""


def is_path(text: object) -> bool:
    """Whether that can be declared as a path: absolute, or below the HOME."""
    return (
        isinstance(text, str)
        and text.isprintable()
        and (text.startswith(("/", "~/")) or text == "~")
        and ".." not in text.split("/")
    )


def fence(
    terms: Confinement,
    repo: Path,
    store: Path,
    tree: Path,
    *,
    shown: Iterable[Path] = (),
    writes: bool = True,
) -> Fence | None:
    """What keeps a program to ``tree``, its clone, which it may only read unless it ``writes``.
    None where nothing is to do that.

    It may read ``shown``, whatever lies there, and nothing else of the store. What it must never
    write, whoever declares it, is the checkout and what the gateway itself runs.
    """
    if terms.mode == NONE:
        return None
    return Fence(
        own=(tree,) if writes else (),
        shown=(*shown, *(() if writes else (tree,))),
        writable=tuple(Path(path).expanduser() for path in terms.paths),
        closed=(store,),
        kept=(
            *(repo, *_git_of(repo), CODE, Path(sys.prefix), Path(sys.base_prefix)),
            *_searched(),
            *_for_git(),
            *_of_others(),
        ),
        required=terms.mode == REQUIRED,
    )


def _git_of(repo: Path) -> Iterator[Path]:
    """The repository of a linked worktree, which lies elsewhere."""
    link = repo / ".git"
    if link.is_file():
        named = link.read_text("utf-8", "replace").removeprefix("gitdir:").strip()
        yield (repo / named).parents[1]


def _for_git() -> Iterator[Path]:
    """The files by which git signs in at a remote, as the gateway's environment names them."""
    for name in (GIT_SSH, GIT_ASKPASS):
        with suppress(ValueError):
            for word in shlex.split(os.environ.get(name, "")):
                path = word[word.find("/") :] if "/" in word else ""
                yield from (Path(one).expanduser() for one in (path, word) if one[:1] in ("/", "~"))


def _of_others() -> Iterator[Path]:
    """What other runs have for temporary files, where it lies in a folder that may be written."""
    for pattern in ("sgw-*", "studio-gateway-*"):
        yield from Path(tempfile.gettempdir()).glob(pattern)


def _searched() -> Iterator[Path]:
    """The folders in which the gateway looks for programs."""
    for name in os.environ.get("PATH", "").split(os.pathsep):
        if name.startswith("/"):
            yield Path(name)
