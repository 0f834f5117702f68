"""Read and push to the remote repository of shipped work: one atomic push, or none.

The gateway's own clone connects to the remote. Only the address is read from the served repository;
credentials come from the gateway's environment alone.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from gates import fault_points
from sprints.contract.sandbox import GIT_ASKPASS, GIT_SSH
from sprints.git.gateway_repo import Workspace
from sprints.git.git import LONG_S, Git, GitError
from sprints.git.rewound_base import check_local, meet_there
from sprints.git.user_repo import users
from sprints.state.messages import message
from sprints.state.ship_values import Merge, Moved, Refused

ASK_S = 120.0
SCHEMES = ("file://", "https://", "ssh://")
HOST = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!:|//)\S")  # user@host:path
SECRET = re.compile(r"(\w+://)[^/@\s]*@")
# Protocols to a remote repository: none of them runs a program of its choice.
PROTOCOLS = {"protocol.https.allow": "always", "protocol.ssh.allow": "always"}
PASSED = ("SSH_AUTH_SOCK", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote by its name in the served repository; ``shown`` is its address without secrets."""

    name: str
    url: str

    @property
    def shown(self) -> str:
        """Return the address without user and password."""
        return redacted(self.url)


def redacted(text: str) -> str:
    """Return ``text`` without the user and the password of an address."""
    return SECRET.sub(r"\1***@", text)


def find(git: Git, repo: Path, name: str) -> Remote:
    """Return the remote of that name in the user's repository. Raises ``GitError``."""
    for key in ("pushurl", "url"):
        try:
            found = git("config", "--get-all", f"remote.{name}.{key}").split("\n")
        except GitError:
            continue
        if len(found) > 1:
            raise GitError(f"the remote {name} has {len(found)} addresses; one can be pushed to")
        return Remote(name, _checked(name, found[0], repo))
    hint = f"git -C {repo} remote add {name} URL"
    raise GitError(f"{repo} has no remote {name}; type: {hint}")


def _checked(name: str, url: str, repo: Path) -> str:
    """Return the address, with a path made absolute. Raises ``GitError``."""
    if not url or url.startswith("-") or "::" in url or not url.isprintable():
        raise GitError(f"the remote {name} has an address that nothing is pushed to")
    if url.startswith(SCHEMES) or (HOST.match(url) and not url.startswith("/")):
        return url
    if "://" in url:
        raise GitError(f"the remote {name} is {redacted(url)}; it must be file, https or ssh")
    return str(repo / url)


def tip(site: Workspace, remote: Remote, branch: str) -> str:
    """Fetch the remote branch into the gateway's own clone, and return its head.

    Raises ``GitError``.
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
    """Return the object of the tag at the remote; empty if it has none.

    Raises ``GitError``, also if another tag of the remote leaves no name for this one.
    """
    name = f"refs/tags/{tag}"
    above = name.rpartition("/")[0]
    lines = _ask(site, remote, "ls-remote", "--", remote.url, name, above, f"{name}/*").split("\n")
    found = {ref: one for one, _, ref in (line.partition("\t") for line in lines)}
    for other in found:
        if other == above or other.startswith(f"{name}/"):
            about = {"other": other.removeprefix("refs/tags/"), "tag": tag, "repo": site.repo}
            raise GitError(message("outcome.tag_there", **about, remote=remote.name))
    return found.get(name, "")


def base(site: Workspace, remote: Remote, local: str) -> str:
    """Return the remote branch's head, with which the work is merged.

    Raises ``GitError``, also if the local branch has commits that the remote lacks, and ``Rewound``
    if one of the two has dropped a commit of the other.
    """
    branch = site.base.branch
    there = tip(site, remote, branch)
    meet_there(site, remote.name, users(site.repo, site.own.home), local, there)
    check_local(site, local, there)
    if not site.own.holds_commit(local, below=there):
        hint = f"git -C {site.repo} push {remote.name} {branch}"
        raise GitError(
            f"{branch} has commits that {remote.name} has not; type: {hint}, or pull first"
        )
    return there


def earlier(site: Workspace, remote: Remote, tag: str) -> Merge | None:
    """Return the merge that an earlier attempt has pushed without an answer; None if there is none.

    Raises ``GitError``, also if the tag was made by another.
    """
    there = tag_there(site, remote, tag)
    if not there:
        return None
    commit = site.own.find(f"{there}^{{commit}}")
    if not commit or site.own.find(site.ref("tagged", commit)) != there:
        raise GitError(_taken(remote, tag))
    tree, parents = site.own("show", "-s", "--format=%T|%P", commit).split("|")
    start, head = parents.split()
    work = site.own.find(site.ref("rebased", head)) or head
    if not site.own.holds_commit(work, below=site.head):
        raise GitError(_taken(remote, tag))
    return Merge(site.base.branch, start, head, commit, tree, url=remote.shown)


def has(site: Workspace, remote: Remote, merge: Merge) -> bool:
    """Return whether the remote branch has the merge already.

    Raises ``GitError``, and ``Moved`` if the branch has left the merge's base.
    """
    there = tip(site, remote, merge.branch)
    if site.own.holds_commit(merge.commit, below=there):
        return True
    if there != merge.base:
        raise Moved
    return False


def push(site: Workspace, remote: Remote, merge: Merge, tag: str, tagged: str) -> None:
    """Move the remote branch from the base to the merge, with its tag ``tagged``, atomically.

    Raises ``Moved``, ``Refused`` and ``GitError``; nothing was pushed then, as far as is known.
    """
    branch, name = f"refs/heads/{merge.branch}", f"refs/tags/{tag}"
    if tag_there(site, remote, tag):
        raise Refused(_taken(remote, tag))
    fault_points.point("push_started")
    try:
        _ask(
            site, remote, "push", "--quiet", "--atomic", "--no-verify", "--no-follow-tags",
            "--no-signed", f"--force-with-lease={branch}:{merge.base}",
            f"--force-with-lease={name}:", "--", remote.url,
            f"{merge.commit}:{branch}", f"{tagged}:{name}",
            timeout_s=LONG_S,
        )  # fmt: skip
    except GitError as exc:  # the answer may be lost, or another push was faster
        if not has(site, remote, merge):
            raise Refused(str(exc)) from exc
    fault_points.point("push_returned")


def _taken(remote: Remote, tag: str) -> str:
    return message("outcome.tag_of_remote", tag=tag, remote=remote.name)


def _ask(site: Workspace, remote: Remote, *argv: str, timeout_s: float = ASK_S) -> str:
    """Run git with the remote. Raises ``GitError`` without secrets in its message."""
    env = {key: os.environ[key] for key in PASSED if key in os.environ}
    env["GIT_SSH_COMMAND"] = os.environ.get(GIT_SSH, "ssh -oBatchMode=yes")
    if GIT_ASKPASS in os.environ:
        env["GIT_ASKPASS"] = os.environ[GIT_ASKPASS]
    try:
        return site.own(*argv, env=env, config=PROTOCOLS, timeout_s=timeout_s)
    except GitError as exc:
        raise GitError(redacted(f"{remote.name}: {exc}")) from exc
