"""Capture the changes in a sprint's clone: mark the start, commit the result, lose nothing."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from gates import fault_points
from sprints.contract.git_values import (
    ABSENT,
    FILTERED,
    MOST_PATHS,
    OBSERVED,
    REFUSED,
    UNKNOWN,
    Seen,
)
from sprints.git import clone_files, clone_walk, object_check, sprint_clone, untrusted_refs
from sprints.git.clone_files import Filtered
from sprints.git.gateway_repo import Workspace, is_connected
from sprints.git.git import GitError, tree_of
from sprints.git.restore_checkout import changes
from sprints.git.user_repo import submodules
from sprints.state.messages import message

LONGEST_PATH, MOST_NOTES = 200, 5
MOST_KEPT, MOST_NAMED = 50, 2  # kept refs of one attempt, and named ones


@dataclass(frozen=True, slots=True)
class Mark:
    """The data of a commit: a name for its ref, subject, author with mail, trailers."""

    name: str
    subject: str
    author: tuple[str, str]
    trailers: Mapping[str, str] = field(default_factory=dict)

    def message(self) -> str:
        """Return the commit message."""
        lines = [f"Studio-{key}: {value}" for key, value in self.trailers.items()]
        return "\n".join([self.subject, "", *lines, ""])


def begin(site: Workspace, mark: Mark, found: Mark) -> str:
    """Mark the branch's head before an agent begins, and return that commit.

    Changes already in the clone, for instance by a user, are committed first as ``found``. May be
    repeated. Raises ``GitError``.
    """
    sprint_clone.ready(site)
    keep(site, found)
    head = site.head
    site.own("update-ref", site.ref("begun", mark.name), head)
    return head


def baseline(site: Workspace, mark: Mark) -> str:
    """Return the commit that ``begin`` has marked; empty if the attempt never began."""
    return site.own.find(site.ref("begun", mark.name))


def seen(site: Workspace, mark: Mark) -> Seen:
    """Commit the attempt's changes and describe them.

    A failure of git is never raised: the result is then unknown, and the changes stay in the clone.
    """
    before = ""
    try:
        before = baseline(site, mark)
        if not before:
            return Seen(UNKNOWN, reason=message("outcome.not_begun"))
        sprint_clone.ready(site)
        head, notes = keep(site, mark)
        names = site.own("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, head)
    except Filtered as exc:
        return Seen(UNKNOWN, before, reason=str(exc), cause=FILTERED)
    except (GitError, OSError, ValueError) as exc:
        return Seen(UNKNOWN, before, reason=str(exc))
    paths = [name for name in names.split("\0") if name]
    return Seen(
        OBSERVED if paths else ABSENT,
        before,
        head,
        len(paths),
        tuple(plain(path) for path in paths[:MOST_PATHS]),
        tuple(plain(note) for note in notes[:MOST_NOTES]),
    )


def refused(site: Workspace, mark: Mark) -> Seen:
    """Restore the clone to its state before a read-only attempt, and describe its changes.

    The changes are kept next to the branch. The result is unknown if the clone cannot be restored.
    May be repeated.
    """
    before = ""
    try:
        before = baseline(site, mark)
        if not before:
            return Seen(UNKNOWN, reason=message("outcome.not_begun"))
        sprint_clone.ready(site)
        head, aside = site.head, site.ref("aside", mark.name)
        earlier = site.own("for-each-ref", "--count=1", "--format=%(objectname)", aside)
        kept, notes = _set_aside(site, mark, head)
        kept = earlier or kept  # kept by a process that died before it was recorded
        names = site.own("diff-tree", "-r", "-z", "--name-only", "--no-renames", head, kept)
    except (GitError, OSError, ValueError) as exc:
        return Seen(UNKNOWN, before, reason=str(exc))
    paths = [plain(path) for path in names.split("\0") if path]
    if not paths:
        return Seen(ABSENT, before, head, notes=tuple(plain(note) for note in notes[:MOST_NOTES]))
    notes.insert(0, f"what it changed is kept as {aside}/{kept[:12]}")
    return Seen(
        REFUSED,
        before,
        head,
        len(paths),
        tuple(paths[:MOST_PATHS]),
        tuple(plain(note) for note in notes[:MOST_NOTES]),
        "its policy is to read, and it changed files; they are put back",
    )


def _set_aside(site: Workspace, mark: Mark, head: str) -> tuple[str, list[str]]:
    """Commit the clone's changes on no branch, then restore the branch's files.

    Return the commit, or ``head`` if nothing had changed, and notes. Raises ``GitError`` and
    ``OSError``.
    """
    kept, notes, readable = _committed(site, mark, head)
    tree, _ = clone_files.written(site, kept)
    if tree != tree_of(site.own, kept):
        kept = _commit(site, mark, kept, tree)
    if kept != head:
        site.own("update-ref", site.ref("aside", mark.name, kept[:12]), kept)
        _restore(site, head, tree)
    if untrusted_refs.head_in(site.tree) != (site.branch, head):
        aside = sprint_clone.renew(site, aside=not readable)
        notes += [f"its .git is kept as {aside}"] if aside else []
    return kept, notes


def keep(site: Workspace, mark: Mark) -> tuple[str, list[str]]:
    """Put everything in the clone onto the sprint's branch.

    That is: the commits made there, if they continue the branch, and one commit with the rest.
    Return the branch's new head, and notes on everything left out. Raises ``GitError``.
    """
    head = site.head
    parent, notes, readable = _committed(site, mark, head)
    tree, left = clone_files.written(site, parent, guarded=True)
    notes += left
    if tree != tree_of(site.own, parent):
        parent = _commit(site, mark, parent, tree)
    if parent != head:
        site.own("update-ref", site.branch, parent, head)
        fault_points.point("work_kept")
    if untrusted_refs.head_in(site.tree) != (site.branch, parent):
        try:
            aside = sprint_clone.renew(site, aside=not readable)
        except OSError as exc:
            raise GitError(f"the clone cannot go on: {exc.strerror}: {exc.filename}") from exc
        notes += [f"its .git is kept as {aside}"] if aside else []
    return parent, notes


def _committed(site: Workspace, mark: Mark, head: str) -> tuple[str, list[str], bool]:
    """Return the parent for uncommitted changes, notes, and whether all commits are kept.

    Commits on branches, tags, stashes and worktrees are kept as well.
    """
    _, theirs = untrusted_refs.head_in(site.tree)
    named, whole = untrusted_refs.refs_in(site.tree)
    names = {commit: name for name, commit in reversed(named.items())}
    new = _unknown(site, [theirs, *names] if theirs else [*names])
    if theirs and theirs not in new and not _is_part(site, theirs, head):
        new = [theirs, *new]  # another sprint's, perhaps: the clone must have it itself
    others = [commit for commit in new if commit != theirs]
    parent, notes = head, []
    if theirs in new:
        try:
            sprint_clone.import_commits(site, {site.ref("theirs", mark.name, theirs): theirs})
        except GitError as exc:
            return head, [f"its commits could not be read ({exc})"], False
    if theirs not in ("", head) and site.own.holds_commit(head, below=theirs):
        parent, notes = theirs, clone_files.noted(site, f"{head}..{theirs}")
        if why := _unfit(site, head, theirs):
            parent, notes = head, [why]
    kept = {site.ref("theirs", mark.name, commit): commit for commit in others[:MOST_KEPT]}
    if not whole or len(others) > MOST_KEPT:
        whole, notes = False, [*notes, f"it has more than {MOST_KEPT} branches, tags and the like"]
    try:
        if kept:
            sprint_clone.import_commits(site, kept)
    except GitError as exc:
        whole, kept = False, {}
        notes.append(f"its branches, tags and the like could not be read ({exc})")
    if theirs in new:
        kept = {site.ref("theirs", mark.name, theirs): theirs} | kept
    aside = [*_aside(site, kept, parent)]
    if len(aside) > MOST_NAMED:
        where = site.ref("theirs", mark.name)
        notes.insert(0, f"{len(aside)} that do not go on from the branch are kept below {where}")
        return parent, notes, whole
    for ref, commit in aside:
        name = "HEAD" if commit == theirs else names[commit]
        notes.append(f"{name} does not go on from the branch; it is kept as {ref}")
    return parent, notes, whole


def _unfit(site: Workspace, head: str, theirs: str) -> str:
    """Return why an agent's commits cannot continue the branch; empty if they can."""
    if subs := submodules(site.own, theirs):
        return f"its commits have the submodule {subs[0]}"
    if path := clone_files.ignored_in(site, f"{head}..{theirs}"):
        return message("outcome.ignored_in_commits", path=path)
    return clone_files.filtered_in(site, f"{head}..{theirs}", theirs)


def _is_part(site: Workspace, commit: str, head: str) -> bool:
    return commit == head or site.own.holds("merge-base", "--is-ancestor", commit, head)


def _unknown(site: Workspace, commits: list[str]) -> list[str]:
    """Return the commits that the gateway's own clone lacks, without duplicates, in their order.

    If one of the others is incomplete, for instance after a killed import, all are returned.
    """
    found = [*dict.fromkeys(commits)]
    given = "\n".join([*found, ""]).encode("ascii")
    lines = site.own("cat-file", "--batch-check=", given=given) if commits else ""
    missing = {line.split(" ")[0] for line in lines.split("\n") if line.endswith(" missing")}
    known = [commit for commit in found if commit not in missing]
    if known and not is_connected(site.own, *known):
        return found
    return [commit for commit in found if commit in missing]


def _aside(site: Workspace, kept: Mapping[str, str], parent: str) -> Iterator[tuple[str, str]]:
    """Yield the refs whose commits are not part of ``parent``; delete the others."""
    for ref, commit in kept.items():
        found = site.own.find(f"{ref}^{{commit}}")
        if found and _is_part(site, found, parent):
            site.own("update-ref", "-d", ref)
        else:
            yield ref, commit


def _commit(site: Workspace, mark: Mark, parent: str, tree: str) -> str:
    """Return a commit with the tree, once git's checks have accepted it. Raises as ``check``."""
    name, mail = mark.author
    commit = site.own(
        "commit-tree", tree, "-p", parent, "-F", "-",
        given=mark.message().encode("utf-8", "replace"),
        env={"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail},
    )  # fmt: skip
    object_check.check(site, commit, parent)
    return commit


def put_back(site: Workspace, mark: Mark) -> int:
    """Restore the clone's files to the branch, and return how many differed.

    The changed files are kept as a commit on no branch, unless git's checks reject them. Raises
    ``GitError``.
    """
    head = site.head
    tree, _ = clone_files.written(site, head)
    if tree == tree_of(site.own, head):
        return 0
    with suppress(object_check.Unsound):
        aside = _commit(site, mark, head, tree)
        site.own("update-ref", site.ref("aside", mark.name, aside[:12]), aside)
    return _restore(site, head, tree)


def _restore(site: Workspace, head: str, tree: str) -> int:
    """Restore the clone's files, which are ``tree``, to ``head``; return how many differed.

    Git only warns about a file that it cannot remove. If one stays, the clone is moved away, so
    that no later step finds the file, and ``GitError`` is raised.
    """
    found = changes(site.own, head, tree)
    clone_walk.unlock(site.tree, [one.path for one in found])
    git = clone_files.looking(site)
    git("read-tree", "--reset", "-u", head)
    added = [site.tree / one.path for one in found if not one.before]
    if not any(map(os.path.lexists, added)) and not git("diff-files", "--name-only"):
        return len(found)
    left, _ = clone_files.written(site, head)  # slower, and says which file stays
    if stays := [one.path for one in changes(site.own, head, left)]:
        try:
            aside = clone_walk.move_away(site.tree)
        except OSError as exc:
            raise GitError(f"{exc.strerror}: {site.tree}") from exc
        raise GitError(message("outcome.stays", path=plain(stays[0]), aside=aside))
    return len(found)


def plain(text: str) -> str:
    """Return a path or word from git, made printable and storable."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.encode("utf-8", "replace").decode()[:LONGEST_PATH]
