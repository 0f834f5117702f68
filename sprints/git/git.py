"""Run git: the only module that does, with a closed environment, fixed options and a timeout."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gates import process
from gates.short_command import TIMED_OUT
from gates.untrusted_file import open_regular

TIMEOUT_S = 120.0
LONG_S = 1800.0  # for commands that copy a history
MOST_BYTES = 1 << 28  # maximum output of one command: the names of very many files
LONGEST = 300
MOST_WORDS = 3  # lines from the remote
ZERO = "0" * 40
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
REF = re.compile(r"refs(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*){2,}")

# These override every repository's own configuration. None of them names a program.
FIXED = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.splitIndex": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.fsync": "all",
    "core.commitGraph": "false",  # a cache that may be wrong about a commit
    "core.multiPackIndex": "false",
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.quotePath": "false",
    "core.sshCommand": "false",
    "core.askPass": "",
    "core.pager": "cat",
    "core.editor": "false",
    "credential.helper": "",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "gpg.program": "false",
    "protocol.allow": "never",
    "protocol.file.allow": "always",
    "protocol.version": "2",
    "transfer.bundleURI": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "diff.ignoreSubmodules": "all",
    "merge.renames": "true",
    "merge.autoStash": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "init.defaultBranch": "main",
}
# Commands that may take long or stop half-way: they must end with their caller.
BOUND = (
    "checkout-index",
    "fetch",
    "ls-remote",
    "merge",
    "push",
    "read-tree",
    "revert",
    "update-index",
)
GATEWAY = ("Studio Gateway", "gateway@studio-gateway.invalid")


class GitError(Exception):
    """Git failed, or its repository is missing; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git on the repository ``git_dir``, with the files of ``tree`` where a command needs any.

    ``home`` is the folder of the gateway's own git; its configuration is the only one besides the
    repository's and ``settings``.
    """

    home: Path
    git_dir: Path
    tree: Path | None = None
    index: Path | None = None
    settings: tuple[tuple[str, str], ...] = ()

    def __call__(
        self,
        *argv: str,
        given: bytes = b"",
        env: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> str:
        """Return git's standard output, without the final newline. Raises ``GitError``."""
        return os.fsdecode(
            self.raw(*argv, given=given, env=env, config=config, timeout_s=timeout_s)
        ).rstrip("\n")

    def raw(
        self,
        *argv: str,
        given: bytes = b"",
        env: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> bytes:
        """Return git's standard output as bytes. Raises ``GitError``."""
        said = self._run(argv, given, env or {}, config or {}, timeout_s)
        if said.code:
            raise GitError(_worded(argv[0], said))
        if not said.whole:
            raise GitError(f"git {argv[0]} printed more than {MOST_BYTES >> 20} MiB")
        return said.out

    def holds(self, *argv: str) -> bool:
        """Return whether git exits with 0, not 1. Raises ``GitError`` for any other exit code."""
        said = self._run(argv, b"", {}, {}, TIMEOUT_S)
        if said.code not in (0, 1):
            raise GitError(_worded(argv[0], said))
        return said.code == 0

    def holds_commit(self, commit: str, *, below: str) -> bool:
        """Return whether the commit is here and ``below`` descends from it. Raises ``GitError``."""
        here = self.find(f"{commit}^{{commit}}") == commit
        return here and self.holds("merge-base", "--is-ancestor", commit, below)

    def find(self, name: str) -> str:
        """Return the commit, tree or tag of that name; empty if there is none."""
        if one := _loose(self.git_dir, name):
            return one
        said = self._run(
            ("rev-parse", "--verify", "--quiet", "--end-of-options", name), b"", {}, {}, TIMEOUT_S
        )
        found = said.out.decode("ascii", "replace").strip()
        return found if said.code == 0 and SHA.fullmatch(found) else ""

    def _run(
        self,
        argv: Sequence[str],
        given: bytes,
        env: Mapping[str, str],
        config: Mapping[str, str],
        timeout_s: float,
    ) -> process.ShortCommand:
        where = [f"--git-dir={self.git_dir}", *([f"--work-tree={self.tree}"] if self.tree else [])]
        fixed = [
            word
            for key, value in (FIXED | dict(self.settings) | dict(config)).items()
            for word in ("-c", f"{key}={value}")
        ]
        index = {"GIT_INDEX_FILE": str(self.index)} if self.index else {}
        # An ssh that a user's settings leave running for later connections is no orphan of ours.
        marked = process.mark() if "GIT_SSH_COMMAND" not in env else {}
        try:
            return process.run_short(
                ["git", "--no-pager", "--literal-pathspecs", *fixed, *where, *argv],
                timeout_s=timeout_s,
                cwd=self.tree or self.git_dir,
                env={**environment(self.home), **marked, **index, **env},
                given=given,
                most=MOST_BYTES,
                bound=argv[0] in BOUND,
            )
        except OSError as exc:
            raise GitError(f"git {argv[0]} cannot be run: {exc.strerror}") from exc


def _loose(git_dir: Path, name: str) -> str:
    """Return the object of a ref from its own file, as git finds it; empty if git must be asked.

    This saves the start of a process. A ref has such a file until git packs it. Git replaces the
    file in one step, so it is never read half-written.
    """
    if not REF.fullmatch(name) or ".." in name or name.endswith((".", ".lock")):
        return ""
    try:
        with open_regular(git_dir / name) as file:
            text = file.read(LONGEST).decode("ascii", "replace")
    except OSError:
        return ""
    found = text.removesuffix("\n")
    return found if SHA.fullmatch(found) else ""


def environment(home: Path) -> dict[str, str]:
    """Return the whole environment of git: of ours it takes only the PATH."""
    name, mail = GATEWAY
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C",
        "TERM": "dumb",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / "config"),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ADVICE": "0",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
    }


@lru_cache(maxsize=64)
def tree_of(git: Git, commit: str) -> str:
    """Return the tree of a commit, which never changes. Raises ``GitError``."""
    return git("rev-parse", f"{commit}^{{tree}}")


USERS = ("HOME", "PATH", "XDG_CONFIG_HOME")


def users_settings(git: Git) -> dict[str, str]:
    """Return the settings of ``[core]`` as the user's own git reads them, by lower-case name.

    ``git`` is the user's repository. Empty if git cannot read them. Raises ``GitError``.
    """
    env = {name: os.environ[name] for name in USERS if name in os.environ}
    try:
        said = process.run_short(
            ["git", f"--git-dir={git.git_dir}", "config", "-z", "--get-regexp", r"^core\."],
            timeout_s=TIMEOUT_S,
            cwd=git.git_dir,
            env={**env, "LC_ALL": "C"},
        )
    except OSError as exc:
        raise GitError(f"git config cannot be run: {exc.strerror}") from exc
    found = dict[str, str]()
    for one in said.out.split(b"\0") if said.code == 0 else ():
        name, has_value, value = os.fsdecode(one).partition("\n")
        found[name.removeprefix("core.")] = value if has_value else "true"
    return found


def version() -> str:
    """Return git's version line. Raises ``GitError`` if git cannot be run."""
    path = {"PATH": os.environ.get("PATH", os.defpath)}  # of git's own variables, some print
    code, text = process.capture(["git", "--version"], timeout_s=10, env=path)
    if code:
        raise GitError("git cannot be run")
    return text.strip()


def make(home: Path, folder: Path, *, bare: bool, branch: str = "main") -> None:
    """Make a repository without any content of a template. Raises ``GitError``."""
    flags = [f"--initial-branch={branch}", *(["--bare"] if bare else [])]
    _begin(home, "init", *flags, "--", str(folder))


def clone(home: Path, source: Path, folder: Path) -> None:
    """Clone ``source`` with its files, without shared objects or a remote. Raises ``GitError``."""
    flags = ("--no-hardlinks", "--no-tags")
    _begin(home, "clone", *flags, "--", str(source), str(folder), timeout_s=LONG_S)
    Git(home, folder / ".git")("remote", "remove", "origin")


def _begin(home: Path, verb: str, *argv: str, timeout_s: float = TIMEOUT_S) -> None:
    """Run ``git init`` or ``git clone`` without a template. Raises ``GitError``."""
    fixed = [word for key, value in FIXED.items() for word in ("-c", f"{key}={value}")]
    said = process.run_short(
        ["git", *fixed, verb, "--quiet", "--template=", *argv],
        timeout_s=timeout_s,
        cwd=home,
        env=environment(home),
    )
    if said.code:
        raise GitError(_worded(verb, said))


def _worded(verb: str, said: process.ShortCommand) -> str:
    """Return the first meaningful line of git's error output."""
    text = said.err.decode("utf-8", "replace")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("hint:", "warning:"))]
    if said.code == TIMED_OUT:  # its last words about its own end are not the reason
        lines = lines[-1:]
    reported = next((x for x in lines if x.startswith(("fatal:", "error:"))), "".join(lines[:1]))
    refused = [x for x in lines if x.startswith("! ")]  # refusals by the remote, a ref each
    if refused and said.code != TIMED_OUT:
        words = [x.removeprefix("remote:").strip() for x in lines if x.startswith("remote: ")]
        reported = "; ".join([refused[0].removeprefix("! "), *words[:MOST_WORDS]])
    why = (
        "".join(c for c in reported if c.isprintable())
        .removeprefix("fatal: ")
        .removeprefix("error: ")
    )
    return f"git {verb}: {why or f'exit code {said.code}'}"[:LONGEST]
