"""Open files that another process may have replaced by a link, a pipe or a device."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# A link is not followed, and a pipe without a writer does not block.
FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading. Raise ``OSError`` if ``path`` is anything else."""
    file = os.fdopen(os.open(path, FLAGS), "rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "not a regular file", str(path))
