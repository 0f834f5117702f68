#!/usr/bin/env bash
# git fsck passes over flipped bits in a loose object: the padding of its compressed data.
#
# Programs: git 2.39.5 (Debian), and dulwich 0.22.8 from PyPI, which reads the same files.
# Guess:    an object is named by the SHA-1 of its content, its compressed data ends with an
#           Adler-32, and `git fsck --full --strict` reads all of it: each flipped bit of
#           .git/objects is found.
# Seen:     DEFLATE ends at any bit (RFC 1951, 3.1.1: the rest of the byte is padding). These up to
#           seven bits, in the fifth byte from the end of each loose object, are covered neither by
#           the Adler-32 nor by the object's name. git fsck exits 0 with any of them flipped, and
#           dulwich reads the same content. Every other flipped bit of the first two and the last
#           eight bytes is found. In a pack the same bits are found, by its checksum.
# So:       a check of bytes needs a digest of the file; git's own check is one of contents.
# Exit:     0 while that holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dulwich==0.22.8 2>/dev/null
export HOME=$folder GIT_CONFIG_NOSYSTEM=1
git init -q "$folder/repo"
cd "$folder/repo"
for n in 1 2 3 4 5; do
    seq "$n" $((n * 20)) >"file$n"
done
git add .
git -c user.name=A -c user.email=a@b.example commit -qm "five files"
git --version
"$folder/venv/bin/python" - <<'PROGRAM'
import subprocess
from pathlib import Path

from dulwich.repo import Repo


def fsck():
    """Whether git finds nothing wrong."""
    command = ["git", "fsck", "--full", "--strict"]
    return subprocess.run(command, capture_output=True).returncode == 0


def content(name):
    """What dulwich reads of an object."""
    return Repo(".")[name.encode()].as_raw_string()


passed, found, places = 0, 0, set()
for path in sorted(Path(".git/objects").glob("??/*")):
    path.chmod(0o644)
    sound, name = path.read_bytes(), path.parent.name + path.name
    before = content(name)
    for at in (0, 1, *range(len(sound) - 8, len(sound))):
        for bit in range(8):
            flipped = bytearray(sound)
            flipped[at] ^= 1 << bit
            path.write_bytes(flipped)
            if fsck():
                passed += 1
                places.add(len(sound) - at)
                assert content(name) == before
            else:
                found += 1
    path.write_bytes(sound)
print(f"loose: {passed} flipped bits passed, in byte {places} from the end; {found} were found")
assert passed and places == {5}

subprocess.run(["git", "gc", "-q"], check=True)
assert fsck()
(pack,) = Path(".git/objects/pack").glob("*.pack")
pack.chmod(0o644)
sound, noticed = pack.read_bytes(), 0
for bit in range(0, len(sound) * 8, 37):
    flipped = bytearray(sound)
    flipped[bit // 8] ^= 1 << (bit % 8)
    pack.write_bytes(flipped)
    assert not fsck()
    noticed += 1
print(f"pack: each of {noticed} flipped bits was found")
PROGRAM
