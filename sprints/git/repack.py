"""Pack the gateway's own clone. No object is ever deleted, so concurrent writers are safe."""

from sprints.git.git import LONG_S, Git

MOST_LOOSE, MOST_PACKS = 2000, 20


def repack(own: Git) -> bool:
    """Pack all objects if there are many files of them; return whether there were.

    Raises ``GitError``.
    """
    lines = own("count-objects", "-v").split("\n")
    found = {key: value for key, _, value in (line.partition(": ") for line in lines)}
    if int(found["count"]) <= MOST_LOOSE and int(found["packs"]) <= MOST_PACKS:
        return False
    own("repack", "-a", "-d", "-k", "--quiet", timeout_s=LONG_S)
    return True
