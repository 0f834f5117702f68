"""Find the new files that are committed only by an explicit commit: secrets and large files."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from gates.secret_shapes import holds_key
from gates.untrusted_file import open_regular

MOST_BYTES = 10 << 20
MOST_READ = 1 << 20  # keys stand at the beginning of a file, or in a small one
SECRET, LARGE = "secret", "large"

# Names of files that hold nothing but secrets; examples for them are no secrets.
NAMES = re.compile(
    r"\.env(\..+)?|.+\.env|id_(rsa|dsa|ecdsa|ed25519)(_sk)?|.+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)"
    r"|\.(netrc|pgpass|git-credentials|pypirc)|_netrc"
    r"|credentials(\.json)?|(client_)?secrets?\.(json|ya?ml|toml|ini)|service[-_]account.*\.json",
    re.IGNORECASE | re.DOTALL,
)
EXAMPLE = re.compile(r"(^|[._-])(example|sample|template|dist|defaults?)([._-]|$)", re.IGNORECASE)


def found(tree: Path, paths: Iterable[bytes]) -> Iterator[tuple[bytes, str]]:
    """Yield the new files below ``tree`` that are withheld, each with ``SECRET`` or ``LARGE``."""
    for path in paths:
        name = os.fsdecode(path)
        try:
            facts = (tree / name).lstat()
            if not stat.S_ISREG(facts.st_mode):
                continue
            if facts.st_size > MOST_BYTES:
                yield path, LARGE
            elif is_named(name) or _holds_key(tree / name):
                yield path, SECRET
        except OSError:
            continue  # git says so when it reads the file


def is_named(path: str) -> bool:
    """Return whether a file of that name usually holds a secret."""
    name = path.rpartition("/")[2]
    return bool(NAMES.fullmatch(name)) and not EXAMPLE.search(name)


def _holds_key(path: Path) -> bool:
    with open_regular(path) as file:
        return holds_key(file.read(MOST_READ))
