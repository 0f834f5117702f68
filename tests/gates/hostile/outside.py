"""Try to leave the sandbox: ``outside.py CHECKOUT STORE GATEWAY_PID`` in a clone of the store.

Prints a JSON object: what was tried, and ``done`` or the name of the error.
"""

import ctypes
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

checkout, store, gateway = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
other, here = store / "work" / "other", Path()
(here / "mine.txt").write_text("mine")
(here / "folder").mkdir()


def truncated(path):
    if ctypes.CDLL(None, use_errno=True).truncate(os.fsencode(path), 0):
        raise OSError(ctypes.get_errno(), "truncate")


def by_a_link(path):
    link = here / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link


def mounted():
    libc, place = ctypes.CDLL(None, use_errno=True), os.fsencode(here / "folder")
    if libc.mount(os.fsencode(store), place, None, 4096, None):
        raise OSError(ctypes.get_errno(), "mount")
    libc.umount2(place, 2)


def as_a_daemon():
    program = f"import sys; open({str(checkout / 'by-daemon')!r}, 'w')"
    said = subprocess.run(
        ["setsid", sys.executable, "-I", "-c", program], capture_output=True, text=True
    )
    if said.returncode:
        raise OSError(errno.EACCES if "PermissionError" in said.stderr else errno.EINVAL, "daemon")


TRIED = {
    "write the checkout": lambda: (checkout / "new").write_text("x"),
    "change the checkout": lambda: (checkout / "kept.txt").write_text("x"),
    "append to the checkout": lambda: os.open(checkout / "kept.txt", os.O_WRONLY | os.O_APPEND),
    "truncate the checkout": lambda: truncated(checkout / "kept.txt"),
    "delete from the checkout": lambda: (checkout / "kept.txt").unlink(),
    "write a hook of the checkout": lambda: (checkout / ".git" / "hooks").mkdir(),
    "make a folder in the checkout": lambda: (checkout / "folder").mkdir(),
    "make a link in the checkout": lambda: (checkout / "link").symlink_to("/"),
    "make a pipe in the checkout": lambda: os.mkfifo(checkout / "pipe"),
    "rename out": lambda: (here / "mine.txt").rename(checkout / "mine.txt"),
    "rename in": lambda: (checkout / "kept.txt").rename(here / "kept.txt"),
    "link out": lambda: (checkout / "linked").hardlink_to(here / "mine.txt"),
    "link the key in": lambda: (here / "key").hardlink_to(store / "config.json"),
    "link the checkout in": lambda: (here / "linked").hardlink_to(checkout / "kept.txt"),
    "read the key": lambda: (store / "config.json").read_text(),
    "read the key by a link": lambda: by_a_link(store / "config.json").read_text(),
    "read the key by /proc": lambda: Path(f"/proc/{gateway}/root{store}/config.json").read_text(),
    "read the database": lambda: (store / "gateway.sqlite3").read_bytes(),
    "write the database": lambda: os.open(store / "gateway.sqlite3", os.O_RDWR),
    "write the store": lambda: (store / "new").write_text("x"),
    "write another clone": lambda: (other / "new").write_text("x"),
    "read another clone": lambda: (other / "theirs.txt").read_text(),
    "write by a link": lambda: by_a_link(checkout / "kept.txt").write_text("x"),
    "write /etc": lambda: Path("/etc/studio-gateway-was-here").write_text("x"),
    "write /tmp": lambda: Path("/tmp/studio-gateway-was-here").write_text("x"),
    "write a setting of the kernel": lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY),
    "read the gateway's environment": lambda: Path(f"/proc/{gateway}/environ").read_bytes(),
    "read the gateway's memory": lambda: os.open(f"/proc/{gateway}/mem", os.O_RDONLY),
    "read the gateway's files": lambda: os.open(f"/proc/{gateway}/fd/0", os.O_RDONLY),
    "signal the gateway": lambda: os.kill(int(gateway), signal.SIGCONT),
    "mount the store": mounted,
    "write as a daemon": as_a_daemon,
}

said = {}
for name, attempt in TRIED.items():
    try:
        attempt()
        said[name] = "done"
    except OSError as exc:
        said[name] = errno.errorcode.get(exc.errno or 0, str(exc))
sys.stdout.write(json.dumps(said))
