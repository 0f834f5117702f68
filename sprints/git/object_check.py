"""Check what comes from a sprint's clone, object by object, as what comes from a stranger.

Commits that an agent has made are checked as they are fetched. Commits that the gateway makes from
the files of the clone are checked here. Otherwise a ``.gitmodules`` that git rejects would be
shipped, and would make each later fetch of commits fail.
"""

import os
from pathlib import Path

from sprints.git.gateway_repo import Workspace
from sprints.git.git import LONG_S, GitError
from sprints.state.messages import message

READ = (".gitmodules", ".gitattributes")  # blobs whose content git checks


class Unsound(GitError):
    """Git's checks reject an object that was made from a file of the clone."""


def check(site: Workspace, commit: str, parent: str) -> None:
    """Raise ``Unsound`` if git's checks reject an object that ``parent`` has not.

    Files that the sprint's base has already are the user's own, and are not checked again. Raises
    ``GitError``.
    """
    given = f"{commit}\n^{parent}\n".encode("ascii")
    flags = ("--revs", "--stdout", "--quiet", "--filter=blob:none")
    pack = site.own.home / f".check-{site.sprint_id}~{os.getpid()}.pack"
    index = pack.with_suffix(".idx")
    try:
        pack.write_bytes(site.own.raw("pack-objects", *flags, given=given, timeout_s=LONG_S))
        skips = f"--strict=skiplist={_known(site)}"
        site.own("index-pack", skips, "-o", str(index), str(pack), timeout_s=LONG_S)
    except GitError as exc:
        raise Unsound(message("outcome.unsound", error=exc)) from exc
    except OSError as exc:
        raise GitError(f"{exc.strerror}: {exc.filename}") from exc
    finally:
        for path in (pack, index, pack.with_suffix(".rev")):
            path.unlink(missing_ok=True)


def settings(site: Workspace) -> dict[str, str]:
    """Return git's configuration for a fetch that checks each object. Raises ``GitError``."""
    return {"fetch.fsckObjects": "true", "fetch.fsck.skipList": _known(site)}


def known_of(site: Workspace) -> Path:
    """Return the path of the list of the base's files that are not checked again."""
    return site.own.home / f".known-{site.sprint_id}-{site.life}"


def _known(site: Workspace) -> str:
    """Return a file with the ids of the base's files that git would check; made once a life.

    The path is relative to the gateway's own clone, in which git works: git splits such a path at
    spaces, commas and bars, which a repository's path may have.
    """
    path = known_of(site)
    if not path.exists():
        entries = site.own("ls-tree", "-r", "-z", "--full-tree", site.base.commit).split("\0")
        split = (entry.partition("\t")[::2] for entry in entries)
        ids = {about.split(" ")[2] for about, name in split if name.lower().endswith(READ)}
        new = path.with_name(f"{path.name}~{os.getpid()}")
        new.write_text("".join(f"{one}\n" for one in sorted(ids)), "ascii")
        new.replace(path)
    return os.path.relpath(path, site.own.git_dir)
