"""Print the environment of a gate as JSON."""

import json
import os
import sys
from pathlib import Path

descriptors = []
for number in range(256):
    try:
        os.fstat(number)
    except OSError:
        continue
    descriptors.append(number)
try:
    terminal = bool(os.open("/dev/tty", os.O_RDWR))
except OSError:
    terminal = False
environ = Path("/proc/self/environ").read_bytes().decode().split("\0")
found = {
    "descriptors": descriptors,
    "terminal": terminal,
    "stdin": os.read(0, 10).decode(),
    "leader": os.getsid(0) == os.getpgid(0) == os.getpid(),
    "env": dict(item.split("=", 1) for item in environ if item),
    "cwd": str(Path.cwd()),
}
json.dump(found, sys.stdout)
