"""Read the files of a sprint's clone as a tree, by the gateway's own clone and an index of ours.

Files that the user tells git to ignore are left out, as the user's own git would leave them out.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from sprints.git import clone_walk, converted, users_rules, withheld
from sprints.git.gateway_repo import Workspace, clear_index, index_of
from sprints.git.git import LONG_S, Git, GitError, tree_of
from sprints.git.restore_checkout import Change, changes
from sprints.git.user_repo import users
from sprints.state.messages import message

MOST_NAMED = 3
NO_BLOB = b"0" * 39 + b"1"  # of entries that are there for their paths alone
UNFILTERED = ("unspecified", "unset", "set")  # values of the attribute that name no filter


class Filtered(GitError):
    """A changed file has a ``filter`` attribute, and the gateway runs no filters."""


def looking(site: Workspace) -> Git:
    """Return git of the gateway's own clone, on the files of the sprint's."""
    return replace(site.own, tree=site.tree, index=index_of(site))


def written(site: Workspace, parent: str, *, guarded: bool = False) -> tuple[str, list[str]]:
    """Return the clone's files as a tree in the gateway's own clone, and notes on files left out.

    No commit can hold a nested repository. Files that ``.gitignore`` or the user's own rules name
    are left out. A ``guarded`` tree is for a branch. It leaves out new files that look like secrets
    or are large, too, and from then on no tree has them. Raises ``GitError``, and ``Filtered`` for
    a guarded tree with a change that needs a filter.

    The index begins from ``parent``: an agent's own index has no effect.
    """
    try:
        clear_index(site)
        ignored = _rules(site, anew=guarded)
    except OSError as exc:
        raise GitError(f"no place for an index: {exc.strerror}: {exc.filename}") from exc
    removed = clone_walk.prepare(site.tree)
    git = looking(site)
    git("read-tree", parent)
    tracked = git.raw("ls-files", "-z").split(b"\0")[:-1]
    gone = set(_not_files(site.tree, tracked))
    if gone:
        given = b"\0".join([*gone, b""])
        git("update-index", "--force-remove", "-z", "--stdin", given=given, timeout_s=LONG_S)
    listed = git.raw(
        "ls-files", "-z", "--others", "--exclude-standard",
        config={"core.excludesFile": str(ignored)},
    ).split(b"\0")  # fmt: skip
    notes = [
        f"{os.fsdecode(path)} is a repository of its own and stays in the clone"
        for path in listed
        if path.endswith(b"/")
    ]
    others = [path for path in listed if path and not path.endswith(b"/")]
    held = dict(withheld.found(site.tree, others)) if guarded else {}
    if held:
        others = [path for path in others if path not in held]
        notes = [*_worded("withheld", held), *notes]
        with ignored.open("ab") as file:
            file.write(b"\n".join([b"", *map(_literal, held)]))
    there = [*(path for path in tracked if path not in gone), *others]
    if removed:
        notes.append(message("outcome.blocking", paths=_first(removed)))
    if there:
        try:
            _add(git, there)
        except GitError:  # perhaps a closed file or folder
            clone_walk.unlock(site.tree, map(os.fsdecode, there))
            _add(git, there)
    tree = git("write-tree")
    found = changes(git, parent, tree) if tree != tree_of(site.own, parent) else []
    if found and (same := converted.undo(git, found, site.own.home / f".fresh-{site.sprint_id}")):
        tree = git("write-tree")
        found = [one for one in found if one.path not in same]
    if guarded and (found or held):
        names = [os.fsencode(one.path) for one in found if one.after]
        _look_unfiltered(site, git, [*names, *held], parent, found)
    return tree, notes


def _add(git: Git, paths: list[bytes]) -> None:
    """Take the present files of these paths into the index, or remove a path without a file."""
    flags = ("--add", "--remove", "--replace", "-z", "--stdin")
    git("update-index", *flags, given=b"\0".join([*paths, b""]), timeout_s=LONG_S)


def _look_unfiltered(
    site: Workspace, git: Git, paths: list[bytes], parent: str, found: list[Change]
) -> None:
    """Raise ``Filtered`` if one of the paths has a filter, by the index of ``git`` or the base.

    ``found`` are the changes of the index since ``parent``. The user's git would store other bytes
    there, for instance encrypted ones.
    """
    if not paths:
        return
    _look_in(site, git, paths)
    base, own = site.base.commit, site.own
    is_old = not any(one.path.endswith(".gitattributes") for one in found)
    if not (is_old and attribute_files(own, parent) == attribute_files(own, base)):
        scratch = _scratch(site)
        scratch("read-tree", base)
        _look_in(site, scratch, paths)


@lru_cache(maxsize=64)
def attribute_files(git: Git, commit: str) -> tuple[str, ...]:
    """Return the entries of all ``.gitattributes`` of a commit. Raises ``GitError``."""
    entries = git("ls-tree", "-r", "-z", commit).split("\0")
    return tuple(one for one in entries if one.endswith(".gitattributes"))


def _look_in(site: Workspace, git: Git, paths: list[bytes]) -> None:
    said = git.raw(
        "check-attr", "--cached", "-z", "--stdin", "filter",
        given=b"\0".join([*paths, b""]),
        config={"core.attributesFile": str(rules_of(site)[1])},
    )  # fmt: skip
    words = iter(os.fsdecode(said).split("\0"))
    for path, _, value in zip(words, words, words, strict=False):
        if value not in UNFILTERED:
            about = {"path": path, "filter": value, "clone": site.tree}
            raise Filtered(message("outcome.filtered", **about))


def filtered_in(site: Workspace, commits: str, tree: str) -> str:
    """Return why ``commits``, a range that ends at ``tree``, need a filter; empty if they do not.

    Raises ``GitError``.
    """
    git, paths = _scratch(site), _changed_in(site, commits, "d")
    try:
        for one in (tree, site.base.commit) if paths else ():
            git("read-tree", one)
            _look_in(site, git, paths)
    except Filtered as exc:
        return str(exc)
    return ""


def ignored_in(site: Workspace, commits: str) -> str:
    """Return the first file that ``commits`` add although the user tells git to ignore it.

    ``commits`` is a range such as ``A..B``. Empty if there is none. Raises ``GitError``.
    """
    names = _changed_in(site, commits, "A")
    if not names:
        return ""
    try:
        rules = str(_rules(site, anew=True))
    except OSError as exc:
        raise GitError(f"no place for ignore patterns: {exc.strerror}: {exc.filename}") from exc
    git = _scratch(site)
    git("read-tree", "--empty")
    given = b"".join(b"100644 %b\t%b\0" % (NO_BLOB, name) for name in names)
    git("update-index", "--replace", "-z", "--index-info", given=given)
    found = git("ls-files", "-z", "--cached", "--ignored", f"--exclude-from={rules}")
    return found.partition("\0")[0]


def _scratch(site: Workspace) -> Git:
    """Return git on the clone's files with another index."""
    index = index_of(site)
    return replace(site.own, tree=site.tree, index=index.with_name(f"{index.name}.scratch"))


def noted(site: Workspace, commits: str) -> list[str]:
    """Return notes on files that ``commits`` add and that are otherwise left out.

    Raises ``GitError``.
    """
    held = dict(withheld.found(site.tree, _changed_in(site, commits, "A")))
    return [*_worded("committed", held)]


def _changed_in(site: Workspace, commits: str, how: str) -> list[bytes]:
    """Return the files that a range of commits changes, as git's ``--diff-filter`` says how."""
    flags = ("-z", "-m", "--format=", "--name-only", "--no-renames", f"--diff-filter={how}")
    names = site.own.raw("log", *flags, commits).split(b"\0")
    return [*dict.fromkeys(name.strip(b"\n") for name in names if name.strip(b"\n"))]


def _rules(site: Workspace, *, anew: bool) -> Path:
    """Write down the user's rules, unless known; return the file with the ignore patterns.

    It has the names of withheld files, too. Raises ``OSError`` and ``GitError``.
    """
    ignored, attributes = rules_of(site)
    if anew or not ignored.exists():
        patterns, lines = users_rules.read(users(site.repo, site.own.home))
        attributes.write_bytes(lines)
        ignored.write_bytes(patterns)
    return ignored


def rules_of(site: Workspace) -> tuple[Path, Path]:
    """Return the paths of the ignore patterns and the attributes for the sprint's clone."""
    home, name = site.own.home, site.sprint_id
    return home / f".ignored-{name}", home / f".attributes-{name}"


def _literal(path: bytes) -> bytes:
    """Return the ignore pattern that matches only that path."""
    return b"/" + re.sub(rb"([\\*?\[ ])", rb"\\\1", path).replace(b"\n", b"?")


def _worded(what: str, held: dict[bytes, str]) -> Iterator[str]:
    """Yield a note for each reason, which names the first files."""
    for why in dict.fromkeys(held.values()):
        names = [os.fsdecode(path) for path, one in held.items() if one == why]
        yield message(f"outcome.{what}_{why}", paths=_first(names))


def _first(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _not_files(tree: Path, paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the tracked paths that git refuses to read: a pipe or the like, or behind a link."""
    linked: dict[str, bool] = {}

    def is_linked(folder: Path) -> bool:
        if (name := str(folder)) not in linked:
            above = [folder, *folder.parents][:-1]
            linked[name] = any((tree / one).is_symlink() for one in above)
        return linked[name]

    for path in paths:
        name = Path(os.fsdecode(path))
        if is_linked(name.parent):
            yield path
            continue
        with suppress(OSError):
            mode = (tree / name).lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
                yield path
