"""What was done in a sprint's clone: noted before, kept after, and never lost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gates import faults
from sprints.contract.git_values import ABSENT, MOST_PATHS, OBSERVED, REFUSED, UNKNOWN, Seen
from sprints.git import sprint_clone, untrusted_refs
from sprints.git.gateway_repo import Workspace
from sprints.git.git import GitError
from sprints.git.user_repo import submodules

LONGEST_PATH, MOST_NOTES = 200, 5
MOST_KEPT, MOST_NAMED = 50, 2  # refs of one try


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose work it is, as its commit says: a name for a ref, a subject, an author with a mail
    address, and the trailers in their order.
    """

    name: str
    subject: str
    author: tuple[str, str]
    trailers: Mapping[str, str] = field(default_factory=dict)

    def message(self) -> str:
        """Of the commit."""
        lines = [f"Studio-{key}: {value}" for key, value in self.trailers.items()]
        return "\n".join([self.subject, "", *lines, ""])


def begin(site: Workspace, mark: Mark, found: Mark) -> str:
    """Note where the branch is before an agent begins, and return that commit. What lies in the
    clone already, by a person's hand for instance, goes onto the branch as ``found``. May be
    repeated. Raises ``GitError``.
    """
    sprint_clone.ready(site)
    keep(site, found)
    head = site.head
    site.own("update-ref", site.ref("begun", mark.name), head)
    return head


def baseline(site: Workspace, mark: Mark) -> str:
    """What ``begin`` has noted; empty where that try never began."""
    return site.own.find(site.ref("begun", mark.name))


def seen(site: Workspace, mark: Mark) -> Seen:
    """Keep what the try has left, and say what it was. Raises nothing of git's: then it is
    unknown, and everything lies in the clone still.
    """
    before = ""
    try:
        before = baseline(site, mark)
        if not before:
            return Seen(UNKNOWN, reason="it had not begun")
        sprint_clone.ready(site)
        head, notes = keep(site, mark)
        names = site.own("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, head)
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
    """Have the clone as it was before the try, which may only read; what it has changed is kept
    beside the branch. Says what that was; unknown is what cannot be put back. May be repeated.
    """
    before = ""
    try:
        before = baseline(site, mark)
        if not before:
            return Seen(UNKNOWN, reason="it had not begun")
        sprint_clone.ready(site)
        head, aside = site.head, site.ref("aside", mark.name)
        earlier = site.own("for-each-ref", "--count=1", "--format=%(objectname)", aside)
        kept, notes = _set_aside(site, mark, head)
        kept = earlier or kept  # by who died before it could be said
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
    """The commit, on no branch, of what lies in the clone, and what to say besides, once all there
    is as the branch has it. What is as it was is ``head``. Raises ``GitError`` and ``OSError``.
    """
    kept, notes, readable = _committed(site, mark, head)
    tree, _ = sprint_clone.written(site, kept)
    if tree != site.own("rev-parse", f"{kept}^{{tree}}"):
        kept = _commit(site, mark, kept, tree)
    if kept != head:
        site.own("update-ref", site.ref("aside", mark.name, kept[:12]), kept)
        sprint_clone.looking(site)("read-tree", "--reset", "-u", head)
    if untrusted_refs.head_in(site.tree) != (site.branch, head):
        aside = sprint_clone.renew(site, aside=not readable)
        notes += [f"its .git is kept as {aside}"] if aside else []
    return kept, notes


def keep(site: Workspace, mark: Mark) -> tuple[str, list[str]]:
    """Put all that is in the clone onto the sprint's branch: the commits made there, where they go
    on from it, and one with what was not committed. Returns the branch's head then, and what was
    left out. Raises ``GitError``.
    """
    head = site.head
    parent, notes, readable = _committed(site, mark, head)
    tree, nested = sprint_clone.written(site, parent)
    notes += [f"{path} is a repository of its own and stays in the clone" for path in nested]
    if tree != site.own("rev-parse", f"{parent}^{{tree}}"):
        parent = _commit(site, mark, parent, tree)
    if parent != head:
        site.own("update-ref", site.branch, parent, head)
        faults.point("work_kept")
    if untrusted_refs.head_in(site.tree) != (site.branch, parent):
        try:
            aside = sprint_clone.renew(site, aside=not readable)
        except OSError as exc:
            raise GitError(f"the clone cannot go on: {exc.strerror}: {exc.filename}") from exc
        notes += [f"its .git is kept as {aside}"] if aside else []
    return parent, notes


def _committed(site: Workspace, mark: Mark, head: str) -> tuple[str, list[str], bool]:
    """The commit from which what is not committed goes on, what to say of others, and whether all
    that was committed there is kept now: branches, tags, stashes and worktrees are as well.
    """
    _, theirs = untrusted_refs.head_in(site.tree)
    named, whole = untrusted_refs.refs_in(site.tree)
    names = {commit: name for name, commit in reversed(named.items())}
    new = _unknown(site, [theirs, *names] if theirs else [*names])
    others = [commit for commit in new if commit != theirs]
    parent, notes = head, []
    if theirs in new:
        try:
            sprint_clone.import_commits(site, {site.ref("theirs", mark.name, theirs): theirs})
        except GitError as exc:
            return head, [f"its commits could not be read ({exc})"], False
    if theirs and site.own.holds_commit(head, below=theirs):
        parent = theirs
        if subs := submodules(site.own, theirs):
            parent, notes = head, [f"its commits have the submodule {subs[0]}"]
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


def _unknown(site: Workspace, commits: list[str]) -> list[str]:
    """Those that are not in the gateway's own clone, once each, in their order."""
    given = "\n".join([*dict.fromkeys(commits), ""]).encode("ascii")
    lines = site.own("cat-file", "--batch-check=", given=given) if commits else ""
    return [line.split(" ")[0] for line in lines.split("\n") if line.endswith(" missing")]


def _aside(site: Workspace, kept: Mapping[str, str], parent: str) -> Iterator[tuple[str, str]]:
    """Those that are no part of ``parent``; the others need no ref."""
    for ref, commit in kept.items():
        found = site.own.find(f"{ref}^{{commit}}")
        if found and site.own.holds("merge-base", "--is-ancestor", found, parent):
            site.own("update-ref", "-d", ref)
        else:
            yield ref, commit


def _commit(site: Workspace, mark: Mark, parent: str, tree: str) -> str:
    name, mail = mark.author
    return site.own(
        "commit-tree", tree, "-p", parent, "-F", "-",
        given=mark.message().encode("utf-8", "replace"),
        env={"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail},
    )  # fmt: skip


def put_back(site: Workspace, mark: Mark) -> int:
    """Have the clone's files be those of the branch again, and return how many were not. What was
    there is kept as a commit that is on no branch. Raises ``GitError``.
    """
    head = site.head
    tree, _ = sprint_clone.written(site, head)
    if tree == site.own("rev-parse", f"{head}^{{tree}}"):
        return 0
    aside = _commit(site, mark, head, tree)
    site.own("update-ref", site.ref("aside", mark.name, aside[:12]), aside)
    names = site.own("diff-tree", "-r", "-z", "--name-only", "--no-renames", head, aside)
    sprint_clone.looking(site)("read-tree", "--reset", "-u", head)
    return names.count("\0")


def plain(text: str) -> str:
    """A path or a word of git's that can be shown and kept."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.encode("utf-8", "replace").decode()[:LONGEST_PATH]
