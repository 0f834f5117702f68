"""The repository to which what has passed is pushed: what it has, and one push or none.

It is reached from the gateway's own clone. Of the served repository only the address is read, as a
text; who may push there is said by the environment of the gateway alone.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from gates import faults
from sprints.contract.sandbox import GIT_ASKPASS, GIT_SSH
from sprints.git.gateway_repo import Workspace
from sprints.git.git import LONG_S, Git, GitError
from sprints.state.ship_values import Merge, Moved, Refused

ASK_S = 120.0
SCHEMES = ("file://", "https://", "ssh://")
HOST = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!:|//)\S")  # user@host:path
SECRET = re.compile(r"(\w+://)[^/@\s]*@")
# A remote is another repository: it may be asked by these, and by nothing that runs a program.
PROTOCOLS = {"protocol.https.allow": "always", "protocol.ssh.allow": "always"}
PASSED = ("SSH_AUTH_SOCK", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote by its name in the served repository; ``shown`` is its address without a secret."""

    name: str
    url: str

    @property
    def shown(self) -> str:
        return redacted(self.url)


def redacted(text: str) -> str:
    """``text`` without the user and the password of an address."""
    return SECRET.sub(r"\1***@", text)


def find(users: Git, repo: Path, name: str) -> Remote:
    """The remote of that name in the user's repository. Raises ``GitError``."""
    for key in ("pushurl", "url"):
        try:
            found = users("config", "--get-all", f"remote.{name}.{key}").split("\n")
        except GitError:
            continue
        if len(found) > 1:
            raise GitError(f"the remote {name} has {len(found)} addresses; one can be pushed to")
        return Remote(name, _checked(name, found[0], repo))
    hint = f"git -C {repo} remote add {name} URL"
    raise GitError(f"{repo} has no remote {name}; type: {hint}")


def _checked(name: str, url: str, repo: Path) -> str:
    """The address, a path as an absolute one. Raises ``GitError``."""
    if not url or url.startswith("-") or "::" in url or not url.isprintable():
        raise GitError(f"the remote {name} has an address that nothing is pushed to")
    if url.startswith(SCHEMES) or (HOST.match(url) and not url.startswith("/")):
        return url
    if "://" in url:
        raise GitError(f"the remote {name} is {redacted(url)}; it must be file, https or ssh")
    return str(repo / url)


def tip(site: Workspace, remote: Remote, branch: str) -> str:
    """The commit at which the branch is there, which the gateway's own clone has then. Raises
    ``GitError``.
    """
    ref = site.ref("upstream")
    spec = f"+refs/heads/{branch}:{ref}"
    flags = ("--quiet", "--no-write-fetch-head", "--no-tags", "--no-recurse-submodules")
    try:
        _ask(site, remote, "fetch", *flags, "--", remote.url, spec, timeout_s=LONG_S)
    except GitError as exc:
        if "couldn't find remote ref" in str(exc):
            hint = f"git -C {site.repo} push {remote.name} {branch}"
            raise GitError(f"{remote.name} has no branch {branch}; type: {hint}") from exc
        raise
    return site.own.find(ref)


def tag_there(site: Workspace, remote: Remote, tag: str) -> str:
    """The object that the tag names there; empty where it is not there. Raises ``GitError``."""
    name = f"refs/tags/{tag}"
    lines = _ask(site, remote, "ls-remote", "--", remote.url, name).split("\n")
    found = {ref: one for one, _, ref in (line.partition("\t") for line in lines)}
    return found.get(name, "")


def base(site: Workspace, remote: Remote, local: str) -> str:
    """The commit with which the work is merged: that of the branch there, from which ours has not
    gone on by itself. Raises ``GitError``.
    """
    branch = site.base.branch
    there = tip(site, remote, branch)
    if not site.own.holds_commit(local, below=there):
        hint = f"git -C {site.repo} push {remote.name} {branch}"
        raise GitError(
            f"{branch} has commits that {remote.name} has not; type: {hint}, or pull first"
        )
    return there


def earlier(site: Workspace, remote: Remote, tag: str) -> Merge | None:
    """What an earlier attempt has pushed, of which nobody has heard that it arrived; None where
    nothing was. Raises ``GitError``, also where the tag is another's.
    """
    there = tag_there(site, remote, tag)
    if not there:
        return None
    commit = site.own.find(f"{there}^{{commit}}")
    if not commit or site.own.find(site.ref("tagged", commit)) != there:
        raise GitError(_taken(remote, site, tag))
    tree, parents = site.own("show", "-s", "--format=%T|%P", commit).split("|")
    start, head = parents.split()
    if not site.own.holds_commit(head, below=site.head):
        raise GitError(_taken(remote, site, tag))
    return Merge(site.base.branch, start, head, commit, tree, url=remote.shown)


def has(site: Workspace, remote: Remote, merge: Merge) -> bool:
    """Whether the branch there has the merge already. Raises ``Moved`` where it has something else
    than what was merged with, and ``GitError``.
    """
    there = tip(site, remote, merge.branch)
    if site.own.holds_commit(merge.commit, below=there):
        return True
    if there != merge.base:
        raise Moved
    return False


def push(site: Workspace, remote: Remote, merge: Merge, tag: str, tagged: str) -> None:
    """Move the branch there from the base to the merge, with its tag ``tagged``: both or neither.
    Raises ``Moved``, ``Refused``, ``GitError``; then nothing was done there, as far as can be told.
    """
    branch, name = f"refs/heads/{merge.branch}", f"refs/tags/{tag}"
    if tag_there(site, remote, tag):
        raise Refused(_taken(remote, site, tag))
    faults.point("push_started")
    try:
        _ask(
            site, remote, "push", "--quiet", "--atomic", "--no-verify", "--no-follow-tags",
            "--no-signed", f"--force-with-lease={branch}:{merge.base}",
            f"--force-with-lease={name}:", "--", remote.url,
            f"{merge.commit}:{branch}", f"{tagged}:{name}",
            timeout_s=LONG_S,
        )  # fmt: skip
    except GitError as exc:  # its answer may have been lost, or another has been faster
        if not has(site, remote, merge):
            raise Refused(str(exc)) from exc
    faults.point("push_returned")


def _taken(remote: Remote, site: Workspace, tag: str) -> str:
    hint = f"git -C {site.repo} push {remote.name} :refs/tags/{tag}"
    return f"the tag {tag} is there already at {remote.name}; type: {hint}"


def _ask(site: Workspace, remote: Remote, *argv: str, timeout_s: float = ASK_S) -> str:
    """Git with the remote. Raises ``GitError``, which names no secret."""
    env = {key: os.environ[key] for key in PASSED if key in os.environ}
    env["GIT_SSH_COMMAND"] = os.environ.get(GIT_SSH, "ssh -oBatchMode=yes")
    if GIT_ASKPASS in os.environ:
        env["GIT_ASKPASS"] = os.environ[GIT_ASKPASS]
    try:
        return site.own(*argv, env=env, config=PROTOCOLS, timeout_s=timeout_s)
    except GitError as exc:
        raise GitError(redacted(f"{remote.name}: {exc}")) from exc
