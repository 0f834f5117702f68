"""The gateway's own clone, kept small: its objects in one pack. None is ever thrown away, so who
writes there meanwhile finds what was written.
"""

from sprints.git.git import LONG_S, Git

MOST_LOOSE, MOST_PACKS = 2000, 20


def repack(own: Git) -> bool:
    """Put all objects into one pack where there are many files of them; whether that was so.
    Raises ``GitError``.
    """
    lines = own("count-objects", "-v").split("\n")
    found = {key: value for key, _, value in (line.partition(": ") for line in lines)}
    if int(found["count"]) <= MOST_LOOSE and int(found["packs"]) <= MOST_PACKS:
        return False
    own("repack", "-a", "-d", "-k", "--quiet", timeout_s=LONG_S)
    return True
